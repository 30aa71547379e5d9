"""The bearer token of the operator's API, where the operator wants it in a file of its own."""

from __future__ import annotations

import os
import re
import secrets
from pathlib import Path

from ringwake.config.error import ConfigError
from ringwake.secret import Secret

_PLACE = "api.token_file"
_OTHERS = 0o077
# RFC 6750 section 2.1, and as long as 16 octets in hex or base64.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{22,512}=*")


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
        if path.stat().st_mode & _OTHERS:
            raise ConfigError(f"{_PLACE}: others may read {path}: chmod 600 {path}, and write another token into it")
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigError(f"{_PLACE}: {path}: {error.strerror}: check its name and who may read it") from None
    except UnicodeDecodeError:
        text = ""
    if _TOKEN.fullmatch(text) is None:
        raise ConfigError(
            f"{_PLACE}: {path} holds no token of 22 or more letters and digits: remove it, and the server makes one"
        )
    return Secret(text)


def _make(path: Path) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(f"{secrets.token_urlsafe(32)}\n")
