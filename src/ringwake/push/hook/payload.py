"""What the operator's push server gets (docs/reference/http-push.md)."""

from __future__ import annotations

import msgspec

from ringwake.model.push import Notice, Push
from ringwake.push.alert import plain_alert
from ringwake.push.envelope import envelope, fitted, with_extra

VERSION = 1
LIMIT = 4096
"""Octets of the body without the token, so that a server can pass our part on to any push service."""


def payload(push: Push, token: str, *, id: str) -> bytes:  # noqa: A002  the member's name
    """Build the body.

    Args:
        push: what to say.
        token: as the phone gave it.
        id: of this push to this phone.

    Raises:
        UnsendableError: it is too long.
    """
    around = len(msgspec.json.encode(token))

    def body(notice: Notice) -> bytes:
        ours = {
            "v": VERSION,
            "id": id,
            "token": token,
            "app": push.target.app.param,
            "kind": notice.kind.value,
            "expires": int(push.expires_at),
            "ringwake": envelope(notice, push.expires_at),
            "alert": plain_alert(notice),
        }
        return msgspec.json.encode(with_extra(ours, notice))

    return body(fitted(push, lambda notice: len(body(notice)) - around <= LIMIT))
