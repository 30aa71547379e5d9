"""What a push becomes on the screen: an alert with Accept and Reject, a sound, a badge (the seed's three forms)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ringwake.softphone.pushbox import ReceivedPush


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One push, read by the app (docs/reference/payload.md)."""

    kind: str
    """`call`, `message`, `missed`, `elsewhere`, `cancel`, `refresh`, `wake` or what is yet to be invented; empty for a
    push without a payload of ours."""
    id: str = ""
    """Name of the push: the same again is a repeat."""
    call_id: str = ""
    seq: int = 0
    title: str = ""
    text: str = ""
    """The alert's text, such as "Boss calling"; empty when nothing is shown."""
    sound: str = ""
    badge: int | None = None
    ticket: str = field(default="", repr=False)
    """Stands for our credentials in one REGISTER."""
    actions: tuple[str, ...] = ()
    """Buttons, in order."""

    @property
    def is_shown(self) -> bool:
        """Whether there is anything to see."""
        return bool(self.text)

    @property
    def rings(self) -> bool:
        """Whether it announces a call."""
        return self.kind == "call"


def read_notification(push: ReceivedPush) -> Notification:
    """Read a push. One that cannot be read still wakes the phone (RFC 8599 section 4.1.3)."""
    shown, ours = _shown(push), _object(_payload(push).get("ringwake"))
    kind = _text(ours, "kind")
    caller = _object(ours.get("from"))
    text = shown.get("body") or ""
    if not text and kind in ("call", ""):
        # A VoIP push has no text: the app must report the call with what it knows. Kinds that it does not know are
        # for it to register and show nothing.
        name = _text(caller, "name") or _text(caller, "uri")
        text = f"{name} calling" if name else "Incoming call"
    return Notification(
        kind=kind,
        id=_text(ours, "id"),
        call_id=_text(ours, "call_id"),
        seq=_number(ours.get("seq")) or 0,
        ticket=_text(ours, "ticket"),
        title=str(shown.get("title") or ""),
        text=str(text),
        sound=str(shown.get("sound") or ("default" if kind == "call" else "")),
        badge=_number(shown.get("badge")),
        actions=("Accept", "Reject") if kind == "call" else (),
    )


def _payload(push: ReceivedPush) -> dict[str, Any]:
    return _object(push.payload)


def _shown(push: ReceivedPush) -> dict[str, Any]:
    """Return what the push itself says about its looks, from wherever its service puts it."""
    payload = _payload(push)
    if push.provider == "fcm":
        return payload
    if push.provider in ("webpush", "unifiedpush"):
        return _object(payload.get("notification"))
    if push.provider in ("hms", "http"):
        return _object(payload.get("alert"))
    return push.display or {}


def _object(value: object) -> dict[str, Any]:
    """Return an object that came as such or as text (FCM carries text only); empty when it is none."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return {}
    return value if isinstance(value, dict) else {}


def _number(value: object) -> int | None:
    """Return a number that came as such or as text."""
    try:
        return int(value) if isinstance(value, (int, str)) else None
    except ValueError:
        return None


def _text(values: dict[str, Any], name: str) -> str:
    value = values.get(name)
    return value if isinstance(value, str) else ""
