"""What a service worker gets: the object, and a notification ready to show (docs/reference/payload.md)."""

from __future__ import annotations

import msgspec

from ringwake.model.push import Kind, Notice, Push
from ringwake.push.envelope import Envelope, envelope, fitted
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


class _Payload(msgspec.Struct, frozen=True):
    ringwake: Envelope
    notification: _Notification | msgspec.UnsetType = msgspec.UNSET
    app_badge: int | msgspec.UnsetType = msgspec.UNSET


_ACTIONS = (_Action("answer", "Answer"), _Action("decline", "Decline"))


def payload(push: Push) -> bytes:
    """Build the plain text of a push.

    Raises:
        UnsendableError: it is too long.
    """

    def text(notice: Notice) -> bytes:
        built = _Payload(envelope(notice, push.expires_at), _notification(notice), _badge(notice))
        return msgspec.json.encode(built)

    return text(fitted(push, lambda notice: len(text(notice)) <= LIMIT))


def _notification(notice: Notice) -> _Notification | msgspec.UnsetType:
    alert = notice.alert
    if alert is None or not (alert.body or alert.sound):
        return msgspec.UNSET
    is_call = notice.kind is Kind.CALL
    return _Notification(
        title=alert.title,
        body=alert.body,
        tag=notice.id if notice.kind is Kind.MESSAGE else notice.uuid,
        renotify=bool(alert.sound),
        silent=not alert.sound,
        require_interaction=is_call,
        actions=_ACTIONS if is_call else (),
    )


def _badge(notice: Notice) -> int | msgspec.UnsetType:
    return msgspec.UNSET if notice.alert is None or notice.alert.badge is None else notice.alert.badge
