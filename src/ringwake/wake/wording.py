"""What a push shows and says in an application's own words, and nothing of a caller whom it may not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ringwake.model.account import Aor
from ringwake.model.app import App
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


NOBODY = Caller("", "")
"""Stands for a caller whom an application may not know."""


def alert(kind: Kind, receiver: Receiver, *, app: App | None, caller: Caller) -> Alert | None:
    """Return what is shown, sounded and counted; None for kinds that show nothing.

    Args:
        kind: of the push.
        receiver: who is to show it, and how.
        app: whose texts they are; None: ringwake's own.
        caller: `NOBODY` if the application may not know.
    """
    text = _text(kind, OURS if app is None else app.texts)
    if text is None:
        return None
    wanted = receiver.notifications
    values = {"name": caller.name, "uri": caller.uri, "account": receiver.aor}
    body = text.body if caller.name else text.unnamed_body
    return Alert(
        title=text.title.fill(values),
        body=body.fill(values) if wanted.style is not AlertStyle.NONE else "",
        loc=_loc(text, values) if wanted.style is not AlertStyle.NONE else None,
        sound=(wanted.tone or text.sound or "default") if wanted.sound else "",
        badge=receiver.unread if wanted.badge else None,
        category=text.category,
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
        case _:
            return None


def _loc(text: Text, values: Mapping[str, str]) -> Loc | None:
    key, args = (text.loc_key, text.loc_args) if values["name"] else (text.unnamed_loc_key, ())
    if not (key or text.title_loc_key):
        return None
    return Loc(key=key, args=tuple(arg.fill(values) for arg in args) if key else (), title_key=text.title_loc_key)
