"""ringwake: a SIP push-notification server, with the softphone side included."""

__version__ = "26.1.0.dev0"
