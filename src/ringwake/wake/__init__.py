"""The heart: who is woken, when, how often, and what waits for it. Pure: time and chance are arguments."""
