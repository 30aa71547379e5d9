"""What a person may wish to see and hear, and what docs/reference/payload.md says that each service then carries.

Written from that page alone: nothing of the senders is used here.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from itertools import product
from typing import Any

ACCOUNT = "alice@example.com"
CALL_ID = "call-1@h"
UUID = str(uuid.uuid5(uuid.NAMESPACE_URL, CALL_ID))
UNREAD = 3
KINDS = ("call", "message", "missed", "voicemail", "elsewhere", "cancel", "read", "wake", "refresh")
NAMED = {"call": "Boss calling", "message": "Message from Boss", "missed": "Missed call from Boss"}
UNNAMED = {
    "call": "Incoming call",
    "message": "New message",
    "missed": "Missed call",
    "voicemail": "New voice message",
    "elsewhere": "Call handled on another device",
    "cancel": "Call ended",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """The settings of one account."""

    style: str = "alert"
    sound: str = "on"
    """off, on, named or critical."""
    badge: bool = True
    preview: bool = True
    allowed: bool = True

    def text(self, kind: str) -> str:
        """Return what is to be read; empty where nothing is."""
        if self.style == "none":
            return ""
        return (NAMED if self.preview else UNNAMED).get(kind, UNNAMED.get(kind, ""))

    @property
    def tone(self) -> str:
        """Name of the sound."""
        return {"off": "", "on": "default", "named": "bell.caf", "critical": "alarm.caf"}[self.sound]


def wishes() -> Iterator[Wish]:
    """Return all of them: 48 of an account with notifications, and one without."""
    for style, sound, badge, preview in product(
        ("none", "banner", "alert"), ("off", "on", "named", "critical"), (True, False), (True, False)
    ):
        yield Wish(style=style, sound=sound, badge=badge, preview=preview)
    yield Wish(allowed=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Carried:
    """What one push is."""

    kind: str
    wish: Wish
    id: str
    expires: int

    @property
    def ours(self) -> dict[str, Any]:
        """The `ringwake` object."""
        made = {
            "v": 1,
            "kind": self.kind,
            "id": self.id,
            "call_id": CALL_ID,
            "account": sha256(ACCOUNT.encode()).hexdigest()[:16],
            "seq": 1,
            "uuid": UUID,
            "deadline_ms": 20_000,
            "expires": self.expires,
        }
        return made | ({"from": {"uri": "sip:boss@example.com", "name": "Boss"}} if self.wish.preview else {})

    def seen(self, *, replaces_alert: bool) -> dict[str, Any]:
        """Return what is to be seen, heard and counted; empty where nothing is.

        Args:
            replaces_alert: whether the system shows calls, and the end of one takes its place.
        """
        wish, shows = self.wish, self.kind in ("call", "message", "missed", "voicemail")
        is_end = self.kind in ("elsewhere", "cancel") and replaces_alert and wish.style != "none"
        if not wish.allowed or not (shows or is_end or self.kind == "read"):
            return {}
        found: dict[str, Any] = {}
        if wish.badge:
            found["badge"] = UNREAD
        if text := wish.text(self.kind):
            found |= {"title": ACCOUNT, "body": text, "style": "banner" if is_end else wish.style}
        if shows and wish.sound != "off":
            found["sound"] = wish.tone
            if wish.sound == "critical":
                found["critical"] = True
        if self.kind == "call" and found:
            found["category"] = "INCOMING_CALL"
        return found


def is_sent(platform: str, kind: str, wish: Wish) -> bool:
    """Tell whether a phone gets such a push at all."""
    if kind == "read" and not (wish.allowed and wish.badge):
        return False
    if platform == "webpush":
        has_any = wish.allowed and (wish.style != "none" or wish.sound != "off")
        return has_any and kind not in ("wake", "refresh", "read")
    return True


def apns_voip(push: Carried) -> tuple[dict[str, Any], dict[str, Any]]:
    """An iPhone with CallKit: a call goes to its VoIP token, all else to the other one."""
    if push.kind != "call":
        return _apns_remote(push, replaces_alert=False)
    seen = push.seen(replaces_alert=False)
    return _iphone(push, seen, _aps(seen)), {"push_type": "voip", "priority": 10}


def apns_remote(push: Carried) -> tuple[dict[str, Any], dict[str, Any]]:
    """An iPhone without CallKit."""
    return _apns_remote(push, replaces_alert=True)


def _apns_remote(push: Carried, *, replaces_alert: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    seen = push.seen(replaces_alert=replaces_alert)
    if not seen:
        return _iphone(push, {}, {"content-available": 1}), {"push_type": "background", "priority": 5}
    if push.kind == "read":
        return _iphone(push, {}, {"badge": UNREAD}), {"push_type": "alert", "priority": 5}
    aps = _aps(seen) | {"mutable-content": 1, "content-available": 1}
    level = {"elsewhere": "passive", "cancel": "passive"}.get(push.kind)
    if push.kind == "call":
        level = "time-sensitive" if seen.get("style") == "alert" else "active"
    if "critical" in seen:
        level = "critical"
    if level:
        aps["interruption-level"] = level
    return _iphone(push, seen, aps), {"push_type": "alert", "priority": 10}


def _aps(seen: dict[str, Any]) -> dict[str, Any]:
    aps: dict[str, Any] = {name: seen[name] for name in ("badge", "sound", "category") if name in seen}
    if "body" in seen:
        aps["alert"] = {"title": seen["title"], "body": seen["body"]}
    if "critical" in seen:
        aps["sound"] = {"critical": 1, "name": seen["sound"], "volume": 1.0}
    return aps


def _iphone(push: Carried, seen: dict[str, Any], aps: dict[str, Any]) -> dict[str, Any]:
    style = {"style": seen["style"]} if "style" in seen else {}
    return {"aps": aps, **style, "ringwake": push.ours}


def fcm(push: Carried) -> tuple[dict[str, Any], dict[str, Any]]:
    """An Android phone: all values are texts."""
    data = push.seen(replaces_alert=False)
    if "badge" in data:
        data["badge"] = str(data["badge"])
    if "critical" in data:
        data["critical"] = "true"
    is_slow = push.kind in ("refresh", "read")
    return {**data, "ringwake": push.ours}, {"priority": "NORMAL" if is_slow else "HIGH", "collapse_key": ""}


def webpush(push: Carried) -> tuple[dict[str, Any], dict[str, Any]]:
    """A browser."""
    return _webpush(push, replaces_alert=True)


def unifiedpush(push: Carried) -> tuple[dict[str, Any], dict[str, Any]]:
    """An app with the JSON of browsers."""
    return _webpush(push, replaces_alert=False)


def _webpush(push: Carried, *, replaces_alert: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    seen = push.seen(replaces_alert=replaces_alert)
    made: dict[str, Any] = {"ringwake": push.ours}
    if "body" in seen or "sound" in seen:
        notification: dict[str, Any] = {"title": ACCOUNT, "tag": push.id if push.kind == "message" else UUID}
        if push.kind == "voicemail":
            notification["tag"] = sha256(f"voicemail\0{push.ours['account']}".encode()).hexdigest()[:32]
        notification["renotify" if "sound" in seen else "silent"] = True
        if "body" in seen:
            notification["body"] = seen["body"]
        if seen.get("style") == "alert":
            notification["requireInteraction"] = True
        if push.kind == "call":
            notification["actions"] = [
                {"action": "answer", "title": "Answer"},
                {"action": "decline", "title": "Decline"},
            ]
        made["notification"] = notification
    if "badge" in seen:
        made["app_badge"] = seen["badge"]
    if "critical" in seen:
        made["critical"] = True
    is_urgent = push.kind in ("call", "elsewhere", "cancel", "wake")
    return made, {"urgency": "high" if is_urgent else "normal"}


def hms(push: Carried) -> tuple[dict[str, Any], dict[str, Any]]:
    """A Huawei phone."""
    urgency = "NORMAL" if push.kind in ("refresh", "read") else "HIGH"
    return _plain(push), {"urgency": urgency, "category": "VOIP" if push.kind == "call" else ""}


def http(push: Carried) -> tuple[dict[str, Any], dict[str, Any]]:
    """A phone behind the operator's own push server."""
    return _plain(push), {}


def _plain(push: Carried) -> dict[str, Any]:
    seen = push.seen(replaces_alert=False)
    return {"ringwake": push.ours, **({"alert": seen} if seen else {})}


TABLE = {
    "apns voip": apns_voip,
    "apns remote": apns_remote,
    "fcm": fcm,
    "webpush": webpush,
    "unifiedpush": unifiedpush,
    "hms": hms,
    "http": http,
}
