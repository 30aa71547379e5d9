"""What a Huawei phone gets: a data message, whose one text is a JSON object of ours (docs/reference/payload.md)."""

from __future__ import annotations

import msgspec

from ringwake.model.push import Kind, Notice, Push
from ringwake.push.alert import plain_alert
from ringwake.push.envelope import envelope, fitted, with_extra

LIMIT = 4096
"""Octets of the request without the token; above it Push Kit says 80300008."""
LONGEST = 1296000
"""Seconds: fifteen days."""
_CALLS = "VOIP"
# At most one push of a group waits for a phone out of reach. The groups are numbers from 1 to 100, too few to name a
# call by, so only pushes of which one is as good as many are in one.
_GROUPS = {Kind.REFRESH: 1, Kind.WAKE: 2}


class _Android(msgspec.Struct, frozen=True):
    urgency: str
    ttl: str
    category: str | msgspec.UnsetType = msgspec.UNSET
    collapse_key: int | msgspec.UnsetType = msgspec.UNSET


class _Message(msgspec.Struct, frozen=True):
    data: str
    android: _Android
    token: tuple[str]


class _Request(msgspec.Struct, frozen=True):
    message: _Message


def payload(push: Push, token: str, *, wall: float) -> bytes:
    """Build the request's body.

    Args:
        push: what to say.
        token: push token.
        wall: epoch seconds now.

    Raises:
        UnsendableError: it is too long.
    """
    # A time of 0 s is called one that has passed (80100004).
    left = min(max(1, int(push.expires_at - wall)), LONGEST)

    def body(notice: Notice) -> bytes:
        return msgspec.json.encode(_Request(_message(notice, token, expires_at=push.expires_at, ttl=left)))

    return body(fitted(push, lambda notice: len(body(notice)) - len(token) <= LIMIT))


def _message(notice: Notice, token: str, *, expires_at: float, ttl: int) -> _Message:
    ours = {"ringwake": envelope(notice, expires_at), "alert": plain_alert(notice)}
    android = _Android(
        # Both HIGH, which starts the app's process, and VOIP are rights that an app is granted on request.
        urgency="NORMAL" if notice.kind in (Kind.REFRESH, Kind.READ) else "HIGH",
        ttl=f"{ttl}s",
        category=_CALLS if notice.kind is Kind.CALL else msgspec.UNSET,
        collapse_key=_GROUPS.get(notice.kind, msgspec.UNSET),
    )
    return _Message(msgspec.json.encode(with_extra(ours, notice)).decode(), android, (token,))
