"""A bearer token in a file: of a connector, on its own side and on the edge's, or of the operator's API."""

from __future__ import annotations

import re
from pathlib import Path

from ringwake.config.error import ConfigError
from ringwake.secret import Secret

# The group may read it: systemd's credentials show their ACL there.
_STRANGERS, _OTHERS = 0o007, 0o077
# RFC 6750 section 2.1, and as long as 16 octets in hex or base64.
_TOKEN = re.compile(r"[A-Za-z0-9\-._~+/]{22,512}=*")


def read_token(
    path: Path, place: str, *, is_ours_alone: bool = False, mend: str = "openssl rand -hex 32 makes one"
) -> Secret[str]:
    """Return the token of a file.

    Args:
        path: the file.
        place: in the configuration, or the option, that names it.
        is_ours_alone: whether its group may not read it either.
        mend: how to come by a token.

    Raises:
        ConfigError: it cannot be read, others may read it, or what stands in it is no token.
    """
    try:
        if path.stat().st_mode & (_OTHERS if is_ours_alone else _STRANGERS):
            who = "others" if is_ours_alone else "everybody"
            raise ConfigError(f"{place}: {who} may read {path}: chmod 600 {path}, and write another token into it")
        text = path.read_text(encoding="ascii").strip()
    except OSError as error:
        raise ConfigError(f"{place}: {path}: {error.strerror}: check its name and who may read it") from None
    except UnicodeDecodeError:
        text = ""
    if _TOKEN.fullmatch(text) is None:
        raise ConfigError(f"{place}: {path} holds no token of 22 or more letters and digits: {mend}")
    return Secret(text)
