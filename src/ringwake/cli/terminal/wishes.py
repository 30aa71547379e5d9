"""How this phone is to announce a call that reaches it without a push, as an app does that is awake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the owner wants to see and hear on this phone (docs/reference/settings.md)."""

    style: str = "alert"
    sound: bool = True
    badge: bool = True
    preview: bool = True


NOTHING = Wishes(style="none", sound=False, badge=False)
"""Of who allows no notifications."""


def wishes_of(document: dict[str, Any], instance: str) -> Wishes:
    """Read them from the settings; what is not there, or is none, is the default.

    Args:
        document: as the phone API answers.
        instance: `+sip.instance` of this phone, whose own choices go before the account's.
    """
    of_account, own = notifications(document), notifications(own_part(document, instance))
    chosen = {**of_account, **{name: value for name, value in own.items() if value is not None}}
    if chosen.get("allow") is False:
        return NOTHING
    style = chosen.get("style")
    return Wishes(
        style=style if style in ("none", "banner") else "alert",
        sound=chosen.get("sound") is not False,
        badge=chosen.get("badge") is not False,
        preview=chosen.get("preview") is not False,
    )


def own_part(document: dict[str, Any], instance: str) -> dict[str, Any]:
    """Return what is otherwise on one phone; empty when nothing is."""
    return _object(_object(document.get("devices")).get(instance))


def notifications(part: dict[str, Any]) -> dict[str, Any]:
    """Return the notification settings of the account's or a phone's part."""
    return _object(part.get("notifications"))


def _object(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
