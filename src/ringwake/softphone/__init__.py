"""A headless softphone: a library, the phone in a terminal, and the device that tests wake."""
