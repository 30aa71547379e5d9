"""What a terminal shows of a phone: the alert with its buttons, the bell, the badge. Text out, no I/O."""

from __future__ import annotations

from unicodedata import east_asian_width

from ringwake.softphone.notification import Notification

BELL = "\a"
_KEYS = {"Accept": "[a] Accept", "Reject": "[r] Reject"}
_WIDEST = 60


def alert(notification: Notification) -> str:
    """Draw a notification as a box, with a bell when it has a sound; empty when it shows nothing."""
    if not notification.is_shown:
        return ""
    badge = f"  ({notification.badge})" if notification.badge else ""
    lines = [_fitted(f"{notification.text}{badge}")]
    if notification.title:
        lines.insert(0, _fitted(notification.title))
    if notification.actions:
        lines.append("   ".join(_KEYS.get(action, action) for action in notification.actions))
    width = max(_columns(line) for line in lines)
    rows = [f"│ {line}{' ' * (width - _columns(line))} │" for line in lines]
    box = "\n".join([f"┌{'─' * (width + 2)}┐", *rows, f"└{'─' * (width + 2)}┘"])
    return f"{BELL if notification.sound else ''}{box}"


def _fitted(text: str) -> str:
    """Return text that cannot leave its line or move the cursor, cut to the widest box."""
    safe = "".join(c if c.isprintable() else "·" for c in text)
    return safe if len(safe) <= _WIDEST else f"{safe[: _WIDEST - 1]}…"


def _columns(text: str) -> int:
    return sum(2 if east_asian_width(c) in "WF" else 1 for c in text)
