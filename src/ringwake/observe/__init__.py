"""Log, metrics and timelines: three views of the same events."""
