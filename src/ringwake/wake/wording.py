"""What a push shows and says in an application's own words, and nothing of a caller whom it may not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ringwake.model.account import Aor
from ringwake.model.app import App, Provider
from ringwake.model.push import Alert, Kind, Loc
from ringwake.model.settings import UNCHOSEN, AlertStyle, Notifications
from ringwake.model.texts import OURS, Extra, Text, Texts


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls or writes."""

    uri: str
    name: str
    """Display name, or the user part, or the domain."""
    key: str = ""
    """Names the caller in budgets, however it writes itself."""
    display: str = ""
    """Display name alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiver:
    """The phone that is to show it."""

    aor: Aor
    notifications: Notifications = UNCHOSEN.notifications
    unread: int = 0
    """Missed calls and unread messages of the account."""
    is_called_by_alert: bool = False
    """Whether only a further push takes a call off its screen (`PushTarget.is_called_by_alert`)."""


NOBODY = Caller("", "")
"""Stands for a caller whom an application may not know."""
_ENDS = frozenset({Kind.ELSEWHERE, Kind.CANCEL})


def is_wanted(kind: Kind, provider: Provider, notifications: Notifications) -> bool:
    """Tell whether a phone may get a push of a kind, by what its owner wants to notice.

    Args:
        kind: of the push.
        provider: of the phone.
        notifications: of the phone.
    """
    if kind is Kind.READ:
        return notifications.allowed and notifications.badge
    if provider is Provider.WEBPUSH:
        # A page that shows nothing of a push loses the right to any.
        return notifications.allowed and (notifications.style is not AlertStyle.NONE or notifications.sound)
    return True


def alert(kind: Kind, receiver: Receiver, *, app: App | None, caller: Caller) -> Alert | None:
    """Return what is shown, sounded and counted; None for kinds that show nothing.

    Args:
        kind: of the push.
        receiver: who is to show it, and how.
        app: whose texts they are; None: ringwake's own.
        caller: `NOBODY` if the application may not know.
    """
    wanted = receiver.notifications
    texts = (OURS if app is None else app.texts).in_language(wanted.language)
    text = _text(kind, texts)
    if not wanted.allowed:
        return None
    if kind is Kind.READ:
        return Alert(badge=receiver.unread)
    if text is None or (kind in _ENDS and not _is_replaced(receiver)):
        return None
    sounds = wanted.sound and kind not in _ENDS
    values = {"name": caller.name, "uri": caller.uri, "account": receiver.aor}
    body = text.body if caller.name else text.unnamed_body
    return Alert(
        title=text.title.fill(values),
        body=body.fill(values) if wanted.style is not AlertStyle.NONE else "",
        loc=_loc(text, values) if wanted.style is not AlertStyle.NONE else None,
        sound=(wanted.tone or text.sound or "default") if sounds else "",
        is_critical=sounds and wanted.is_critical,
        style=AlertStyle.BANNER if kind in _ENDS else wanted.style,
        badge=receiver.unread if wanted.badge else None,
        category=text.category,
        buttons=(texts.answer, texts.decline),
    )


def members(extra: Extra, values: Mapping[str, str], *, caller: Caller) -> tuple[tuple[str, str], ...]:
    """Return an application's further members of the payload.

    Args:
        extra: their templates.
        values: of all places that do not speak of the caller.
        caller: `NOBODY` if the application may not know.
    """
    known = {**values, "from_uri": caller.uri, "from_name": caller.name, "display": caller.display}
    return tuple((name, template.fill(known)) for name, template in extra)


def _text(kind: Kind, texts: Texts) -> Text | None:
    match kind:
        case Kind.CALL:
            return texts.call
        case Kind.MESSAGE:
            return texts.message
        case Kind.MISSED:
            return texts.missed
        case Kind.VOICEMAIL:
            return texts.voicemail
        case Kind.ELSEWHERE:
            return texts.elsewhere
        case Kind.CANCEL:
            return texts.cancel
        case _:
            return None


def _is_replaced(receiver: Receiver) -> bool:
    """Tell whether the end of a call takes the place of its alert, which would stay on the screen."""
    return receiver.is_called_by_alert and receiver.notifications.style is not AlertStyle.NONE


def _loc(text: Text, values: Mapping[str, str]) -> Loc | None:
    key, args = (text.loc_key, text.loc_args) if values["name"] else (text.unnamed_loc_key, ())
    if not (key or text.title_loc_key):
        return None
    return Loc(key=key, args=tuple(arg.fill(values) for arg in args) if key else (), title_key=text.title_loc_key)
