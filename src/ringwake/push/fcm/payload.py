"""What an Android phone gets: a data message (docs/reference/payload.md, push-services section 2)."""

from __future__ import annotations

import msgspec

from ringwake.model.push import Alert, Kind, Notice, Push
from ringwake.push.alert import plain_loc, shown, style_of
from ringwake.push.envelope import envelope, fitted, with_extra

LIMIT = 4096
"""Octets of all keys and values of `data`."""
LONGEST = 2419200
"""Seconds: four weeks."""


class _Android(msgspec.Struct, frozen=True):
    priority: str
    ttl: str


class _Message(msgspec.Struct, frozen=True):
    token: str
    data: dict[str, str]
    android: _Android


class _Request(msgspec.Struct, frozen=True):
    message: _Message


def payload(push: Push, token: str, *, wall: float) -> bytes:
    """Build the request's body.

    Args:
        push: what to say.
        token: registration token.
        wall: epoch seconds now.

    Raises:
        UnsendableError: it is too long.
    """
    notice = fitted(push, lambda notice: _size(_data(notice, push.expires_at)) <= LIMIT)
    left = min(max(0, int(push.expires_at - wall)), LONGEST)
    # HIGH without anything to show makes Google lower all of the app's messages (push-services section 2).
    priority = "NORMAL" if notice.kind in (Kind.REFRESH, Kind.READ) else "HIGH"
    android = _Android(priority=priority, ttl=f"{left}s")
    return msgspec.json.encode(_Request(_Message(token, _data(notice, push.expires_at), android)))


def _data(notice: Notice, expires_at: float) -> dict[str, str]:
    ours = {"ringwake": msgspec.json.encode(envelope(notice, expires_at)).decode()}
    alert = shown(notice)
    if alert is not None:
        ours |= {key: text for key, text in _texts(alert).items() if text}
    return with_extra(ours, notice)


def _texts(alert: Alert) -> dict[str, str]:
    loc = plain_loc(alert)
    return {
        "title": alert.title if alert.body else "",
        "body": alert.body,
        "sound": alert.sound,
        "badge": "" if alert.badge is None else str(alert.badge),
        "category": alert.category,
        "style": style_of(alert),
        "critical": "true" if alert.is_critical else "",
        "loc_key": loc.key if loc else "",
        "loc_args": msgspec.json.encode(loc.args).decode() if loc and loc.args else "",
        "title_loc_key": loc.title_key if loc else "",
    }


def _size(data: dict[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in data.items())
