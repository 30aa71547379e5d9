"""What a push becomes on the screen: an alert with Accept and Reject, a sound, a badge (the seed's three forms)."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from ringwake.softphone.pushbox import ReceivedPush

STYLES = ("none", "banner", "alert")


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """One push, read by the app (docs/reference/payload.md)."""

    kind: str
    """`call`, `message`, `missed`, `elsewhere`, `cancel`, `read`, `voicemail`, `refresh`, `wake` or what is yet to be
    invented; empty for a push without a payload of ours."""
    id: str = ""
    """Name of the push: the same again is a repeat."""
    call_id: str = ""
    account: str = ""
    """Hash of the address of record."""
    seq: int = 0
    title: str = ""
    text: str = ""
    """The alert's text, such as "Boss calling"; empty when nothing is shown."""
    style: str = "none"
    """How the text is shown: `banner` goes by itself, `alert` stays, `none` where there is no text."""
    sound: str = ""
    """Name of the tone; empty: silent."""
    is_critical: bool = False
    """Whether it sounds where the phone is muted, too."""
    badge: int | None = None
    """What the icon is to count from now on; None: as before. 0 clears it."""
    ticket: str = field(default="", repr=False)
    """Stands for our credentials in one REGISTER."""
    actions: tuple[str, ...] = ()
    """Buttons, in order."""
    links: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What may be done without SIP, and the URL that does it once (docs/adr/0040-actions.md)."""

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
    payload = _object(push.payload)
    shown, ours = _shown(push, payload), _object(payload.get("ringwake"))
    kind = _text(ours, "kind")
    text = _text(shown, "body")
    if not text and (push.service == "voip" or not kind):
        # iOS has CallKit show a call whatever the push says. Who cannot read a push shows that there was one.
        caller = _object(ours.get("from"))
        name = _text(caller, "name") or _text(caller, "uri")
        text = f"{name} calling" if name else "Incoming call"
    return Notification(
        kind=kind,
        id=_text(ours, "id"),
        call_id=_text(ours, "call_id"),
        account=_text(ours, "account"),
        seq=_number(ours.get("seq")) or 0,
        ticket=_text(ours, "ticket"),
        title=_text(shown, "title"),
        text=text,
        style=_style(shown, kind) if text else "none",
        sound=_text(shown, "sound"),
        is_critical=shown.get("critical") in (True, "true"),
        badge=_number(shown.get("badge")),
        actions=("Accept", "Reject") if kind == "call" else (),
        links=tuple((name, url) for name, url in _object(ours.get("actions")).items() if isinstance(url, str)),
    )


def _style(shown: dict[str, Any], kind: str) -> str:
    style = _text(shown, "style")
    if style in STYLES[1:]:
        return style
    return "alert" if kind in ("call", "") else "banner"


def _shown(push: ReceivedPush, payload: dict[str, Any]) -> dict[str, Any]:
    """Return what the push itself says about its looks, from wherever its service puts it, in one form."""
    match push.provider:
        case "fcm":
            return payload
        case "webpush" | "unifiedpush":
            return _of_page(payload)
        case "hms" | "http":
            return _object(payload.get("alert"))
        case _:
            return _of_iphone(payload)


def _of_page(payload: dict[str, Any]) -> dict[str, Any]:
    """Read what is for `showNotification` and `setAppBadge`: a page has one sound, or none."""
    notification = _object(payload.get("notification"))
    return {
        "title": notification.get("title"),
        "body": notification.get("body"),
        "style": "alert" if notification.get("requireInteraction") is True else "banner",
        "sound": "default" if notification.get("renotify") is True else "",
        "critical": payload.get("critical"),
        "badge": payload.get("app_badge"),
    }


def _of_iphone(payload: dict[str, Any]) -> dict[str, Any]:
    """Read what is for iOS, which shows a call in CallKit, and all else by itself."""
    aps = _object(payload.get("aps"))
    alert, sound = _object(aps.get("alert")), _object(aps.get("sound"))
    return {
        "title": alert.get("title"),
        "body": alert.get("body"),
        "style": payload.get("style"),
        "sound": sound.get("name") if sound else aps.get("sound"),
        "critical": sound.get("critical") == 1,
        "badge": aps.get("badge"),
    }


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
