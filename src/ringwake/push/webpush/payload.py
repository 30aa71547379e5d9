"""What a service worker gets: the object, and a notification ready to show (docs/reference/payload.md)."""

from __future__ import annotations

from typing import Any

import msgspec

from ringwake.model.push import Alert, Kind, Notice, Push
from ringwake.model.settings import AlertStyle
from ringwake.push.alert import plain_loc, shown, style_of
from ringwake.push.envelope import envelope, fitted, replaces, with_extra
from ringwake.push.webpush.encryption import LIMIT


class _Action(msgspec.Struct, frozen=True):
    action: str
    title: str


class _Notification(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    title: str
    tag: str
    body: str = ""
    renotify: bool = False
    require_interaction: bool = False
    silent: bool = False
    actions: tuple[_Action, ...] = ()


def payload(push: Push) -> bytes:
    """Build the plain text of a push.

    Raises:
        UnsendableError: it is too long.
    """

    def text(notice: Notice) -> bytes:
        ours: dict[str, Any] = {"ringwake": envelope(notice, push.expires_at)}
        alert = shown(notice)
        if alert is not None:
            ours |= {
                "notification": _notification(notice, alert),
                "app_badge": alert.badge,
                "critical": alert.is_critical or None,
                "loc": plain_loc(alert),
            }
        return msgspec.json.encode(with_extra(ours, notice))

    return text(fitted(push, lambda notice: len(text(notice)) <= LIMIT))


def _notification(notice: Notice, alert: Alert) -> _Notification | None:
    if not (alert.body or alert.sound):
        return None
    match notice.kind:
        case Kind.MESSAGE:
            tag = notice.id
        case Kind.VOICEMAIL:
            tag = replaces(notice)
        case _:
            tag = notice.uuid
    return _Notification(
        title=alert.title,
        body=alert.body,
        tag=tag,
        renotify=bool(alert.sound),
        silent=not alert.sound,
        require_interaction=style_of(alert) == AlertStyle.ALERT,
        actions=_actions(alert) if notice.kind is Kind.CALL else (),
    )


def _actions(alert: Alert) -> tuple[_Action, ...]:
    answer, decline = alert.buttons
    return _Action("answer", answer), _Action("decline", decline)
