"""The demonstration: a stage with a server, emulators and phones, and the scenarios that are played on it."""
