"""What an iPhone gets: `aps` for its system, `ringwake` for the app (docs/reference/payload.md, push-services 1.5)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from ringwake.model.push import Alert, Kind, Loc, Notice, Push, Service
from ringwake.model.settings import AlertStyle
from ringwake.push.alert import shown, style_of
from ringwake.push.envelope import envelope, fitted, with_extra
from ringwake.push.errors import UnsendableError

LIMIT = 4096
VOIP_LIMIT = 5120


class Form(StrEnum):
    """`apns-push-type`: what iOS does with it."""

    VOIP = "voip"
    """Starts the app at once, which must report a call to CallKit."""
    ALERT = "alert"
    """Shows, sounds or counts."""
    BACKGROUND = "background"
    """Gives the app some time, when the system thinks fit."""


class _Text(msgspec.Struct, frozen=True, rename="kebab", omit_defaults=True):
    title: str = ""
    title_loc_key: str = ""
    body: str = ""
    loc_key: str = ""
    loc_args: tuple[str, ...] = ()


class _CriticalSound(msgspec.Struct, frozen=True):
    name: str
    critical: int = 1
    volume: float = 1.0


class _Aps(msgspec.Struct, frozen=True, kw_only=True, rename="kebab", omit_defaults=True):
    alert: _Text | None = None
    sound: str | _CriticalSound = ""
    badge: int | None = None
    category: str = ""
    interruption_level: str = ""
    mutable_content: int = 0
    content_available: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsPayload:
    """The body, and the form that it is for."""

    form: Form
    body: bytes


def payload(push: Push) -> ApnsPayload:
    """Build the payload of a push.

    Raises:
        UnsendableError: it is too long, or would go to the VoIP token without announcing a call.
    """
    form = _form(push)
    limit = VOIP_LIMIT if form is Form.VOIP else LIMIT

    built = b""

    def fits(notice: Notice) -> bool:
        nonlocal built
        ours = {
            "aps": _aps(form, notice),
            "ringwake": envelope(notice, push.expires_at),
            "style": _style(form, notice),
        }
        built = msgspec.json.encode(with_extra(ours, notice))
        return len(built) <= limit

    fitted(push, fits)
    return ApnsPayload(form=form, body=built)


def _form(push: Push) -> Form:
    if push.service is Service.VOIP:
        if push.notice.kind is not Kind.CALL:
            # iOS stops starting an app whose VoIP pushes show no call (push-services 1.5).
            raise UnsendableError("a VoIP push only announces a call")
        return Form.VOIP
    return Form.BACKGROUND if push.is_background else Form.ALERT


def _aps(form: Form, notice: Notice) -> _Aps:
    if form is Form.BACKGROUND:
        return _Aps(content_available=1)
    # Of a push that Apple shows, something stays, however much of its text was cut.
    alert = notice.alert if form is Form.ALERT else shown(notice)
    if alert is None:
        return _Aps()
    if notice.kind is Kind.READ:
        return _Aps(badge=alert.badge)  # the app need not run
    is_shown = form is Form.ALERT
    return _Aps(
        alert=_text(alert) if alert.body else None,
        sound=_CriticalSound(alert.sound) if alert.is_critical else alert.sound,
        badge=alert.badge,
        category=alert.category,
        interruption_level=_interruption(notice.kind, alert) if is_shown else "",
        mutable_content=int(is_shown),
        content_available=int(is_shown),
    )


def _interruption(kind: Kind, alert: Alert) -> str:
    """Return how far it may disturb; empty: as Apple has it, which is `active`."""
    if alert.is_critical:
        return "critical"
    match kind:
        case Kind.CALL:
            return "time-sensitive" if style_of(alert) == AlertStyle.ALERT else "active"
        case Kind.ELSEWHERE | Kind.CANCEL:
            return "passive"  # it only takes the place of the call
        case _:
            return ""


def _style(form: Form, notice: Notice) -> str | None:
    """Return how the text is shown, for the app that shows it itself while it is open."""
    alert = None if form is Form.BACKGROUND else shown(notice)
    return None if alert is None else style_of(alert) or None


def _text(alert: Alert) -> _Text:
    """Return the texts, or the names of the app's own: iOS wants one or the other."""
    loc = alert.loc or Loc()
    return _Text(
        title="" if loc.title_key else alert.title,
        title_loc_key=loc.title_key,
        body="" if loc.key else alert.body,
        loc_key=loc.key,
        loc_args=loc.args,
    )
