"""The server's recipes, one file per SIP method, and `perform`, which carries their effects out."""
