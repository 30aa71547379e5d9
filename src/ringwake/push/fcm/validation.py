"""A message that FCM is to look at and to send to nobody (`validate_only`): shows whether it takes our credentials."""

from __future__ import annotations

import msgspec


class _Message(msgspec.Struct, frozen=True):
    token: str
    data: dict[str, str]


class _Request(msgspec.Struct, frozen=True):
    message: _Message
    validate_only: bool = True


def validation(token: str) -> bytes:
    """Build the body of the request for a registration token."""
    return msgspec.json.encode(_Request(_Message(token, {"ringwake": "check"})))
