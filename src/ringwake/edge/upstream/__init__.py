"""In front of a PBX: what goes up to it, and what comes down from it."""
