"""The bearer token of the operator's API, where the operator wants it in a file of its own."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from ringwake.config.error import ConfigError
from ringwake.config.token_file import read_token
from ringwake.secret import Secret

_PLACE = "api.token_file"


def new_token() -> Secret[str]:
    """Make a token."""
    return Secret(secrets.token_urlsafe(32))


def api_token(path: Path) -> Secret[str]:
    """Return the token of the file; a file that does not exist is made, for us alone.

    Raises:
        ConfigError: it cannot be read or made, others may read it, or what stands in it is no token.
    """
    try:
        if not path.exists():
            _make(path)
    except OSError as error:
        raise ConfigError(f"{_PLACE}: {path}: {error.strerror}: check its name and who may read it") from None
    return read_token(path, _PLACE, is_ours_alone=True, mend="remove it, and the server makes one")


def _make(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secrets.token_urlsafe(32)}\n")
