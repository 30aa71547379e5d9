"""What a phone shows, for services that carry one JSON object of ours as it is (docs/reference/payload.md)."""

from __future__ import annotations

import msgspec

from ringwake.model.push import SILENT, Alert, Notice


class PlainLoc(msgspec.Struct, frozen=True, omit_defaults=True):
    """Texts of the app's own, which it shows in place of `body` and `title`; what is empty is left out."""

    key: str = ""
    args: tuple[str, ...] = ()
    title_key: str = ""


class PlainAlert(msgspec.Struct, frozen=True, omit_defaults=True):
    """Title, text, sound and count, and how they are shown; what is empty is left out."""

    title: str = ""
    body: str = ""
    sound: str = ""
    badge: int | None = None
    category: str = ""
    style: str = ""
    critical: bool = False
    loc: PlainLoc | None = None


def plain_loc(alert: Alert) -> PlainLoc | None:
    """Return the names of the app's own texts, where there is a text to show at all."""
    loc = alert.loc if alert.body else None
    return None if loc is None else PlainLoc(loc.key, loc.args, loc.title_key)


def style_of(alert: Alert) -> str:
    """Return how its text is shown, `banner` or `alert`; empty where there is none."""
    return alert.style.value if alert.body else ""


def shown(notice: Notice) -> Alert | None:
    """Return what is to be seen, heard or counted: nothing of a silent kind, or where the account wants none."""
    alert = notice.alert
    return None if alert is None or notice.kind in SILENT or not alert.is_perceptible else alert


def plain_alert(notice: Notice) -> PlainAlert | None:
    """Return what is shown, or None where nothing is: a silent kind, or an account without alerts."""
    alert = shown(notice)
    if alert is None:
        return None
    return PlainAlert(
        title=alert.title if alert.body else "",
        body=alert.body,
        sound=alert.sound,
        badge=alert.badge,
        category=alert.category,
        style=style_of(alert),
        critical=alert.is_critical,
        loc=plain_loc(alert),
    )
