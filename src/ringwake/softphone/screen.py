"""What a terminal shows of a phone: the alert with its buttons, the bell, the badge. Text out, no I/O."""

from __future__ import annotations

from itertools import accumulate
from unicodedata import combining, east_asian_width

from ringwake.softphone.notification import Notification

BELL = "\a"
_KEYS = {"Accept": "[a] Accept", "Reject": "[r] Reject"}
WIDEST = 60
"""Columns of the longest line in the box."""


def alert(notification: Notification) -> str:
    """Draw a notification as a box, with a bell when it has a sound; empty when it shows nothing."""
    if not notification.is_shown:
        return ""
    badge = f"  ({notification.badge})" if notification.badge else ""
    lines = [_fitted(notification.text, WIDEST - len(badge)) + badge]
    if notification.title:
        lines.insert(0, _fitted(notification.title, WIDEST))
    if notification.actions:
        lines.append("   ".join(_KEYS.get(action, action) for action in notification.actions))
    width = max(_columns(line) for line in lines)
    rows = [f"│ {line}{' ' * (width - _columns(line))} │" for line in lines]
    box = "\n".join([f"┌{'─' * (width + 2)}┐", *rows, f"└{'─' * (width + 2)}┘"])
    return f"{BELL if notification.sound else ''}{box}"


def one_line(text: str) -> str:
    """Return text that cannot leave its line or move the cursor."""
    return "".join(c if c.isprintable() else "·" for c in text)


def _fitted(text: str, room: int) -> str:
    safe = one_line(text)
    if _columns(safe) <= room:
        return safe
    ends = accumulate(_width(c) for c in safe)
    return "".join(c for c, end in zip(safe, ends, strict=True) if end < room) + "…"


def _columns(text: str) -> int:
    return sum(_width(c) for c in text)


def _width(character: str) -> int:
    if combining(character):
        return 0
    return 2 if east_asian_width(character) in "WF" else 1
