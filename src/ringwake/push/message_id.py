"""The name that a service gives a push. It is shown to people, so it is taken only if it looks like one."""

from __future__ import annotations

import re

_ID = re.compile(r"[!-~]{1,200}")


def message_id(text: str) -> str:
    """Return the name; empty when it is none."""
    return text if _ID.fullmatch(text) else ""
