"""The nouns that the whole house speaks of. Values only: no rules, no I/O."""
