"""The one error of this floor."""

from __future__ import annotations


class ConfigError(Exception):
    """The configuration is wrong. The text names the file, the place and the mend, in one line, and no secret."""
