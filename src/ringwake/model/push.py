"""A push: whom it wakes, what it says, and how the provider took it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple, TypeAlias

from ringwake.model.app import AppKey, Provider
from ringwake.model.settings import AlertStyle
from ringwake.secret import Secret, Token


class Kind(StrEnum):
    """Why a phone is pushed to. The value stands in the payload (docs/reference/payload.md)."""

    CALL = "call"
    MESSAGE = "message"
    MISSED = "missed"
    ELSEWHERE = "elsewhere"
    REFRESH = "refresh"
    CANCEL = "cancel"
    READ = "read"
    """Something was read on another device: the badge is another now."""
    VOICEMAIL = "voicemail"
    """A NOTIFY waits that says how many voice messages there are (RFC 3842)."""
    WAKE = "wake"
    """A request waits that is neither call nor message: one inside a dialog, a NOTIFY ..."""


TICKET_FIELD = "ringwake-ticket"
"""Header field of a REGISTER that brings the one-time ticket of a push back (docs/adr/0018-ticket.md)."""
SILENT = frozenset({Kind.REFRESH, Kind.WAKE})
"""Kinds that wake an app and show nothing."""


class Service(StrEnum):
    """Which of an application's tokens is meant. Only APNs has two."""

    VOIP = "voip"
    REMOTE = "remote"
    ONLY = ""


class SubscriptionKeys(NamedTuple):
    """The keys of a browser or UnifiedPush app for RFC 8291 encryption, as PushSubscription.getKey() gives them."""

    p256dh: bytes
    """Uncompressed P-256 point, 65 octets."""
    auth: Secret[bytes]
    """Authentication secret, 16 octets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PushTarget:
    """Where a binding's phone can be pushed to: the PushTarget of RFC 8599 `pn-*`, whatever dialect brought it."""

    app: AppKey
    tokens: tuple[tuple[Service, Token], ...]
    """One or two; never empty."""
    keys: SubscriptionKeys | None = None
    """Web Push and UnifiedPush only: without them the push has no payload (RFC 8599 section 12)."""

    def token(self, service: Service) -> Token | None:
        """Return the token of a service, if the phone registered one."""
        for known, token in self.tokens:
            if known is service:
                return token
        return None

    def vehicle(self, kind: Kind) -> tuple[Service, Token] | None:
        """Choose the token for a push of this kind, or None when such a push must not be sent.

        A VoIP push only announces a call: iOS stops launching an app whose VoIP pushes show none. A browser gets no
        silent push: Safari withdraws the permission (push-services 1.5 and 3). UnifiedPush wakes an app, not a page.
        """
        if self.app.provider is Provider.WEBPUSH and (kind in SILENT or kind is Kind.READ):
            return None
        order: tuple[Service, ...] = (Service.ONLY,)
        if self.app.provider is Provider.APNS:
            order = (Service.VOIP, Service.REMOTE) if kind is Kind.CALL else (Service.REMOTE,)
        for service in order:
            token = self.token(service)
            if token is not None:
                return service, token
        return None

    @property
    def is_called_by_alert(self) -> bool:
        """Whether the system itself shows its calls, so that only a further push takes one off the screen."""
        if self.app.provider is Provider.APNS:
            return self.token(Service.VOIP) is None
        return self.app.provider is Provider.WEBPUSH

    @property
    def lease(self) -> str:
        """Digest that names the phone for single flight: one wake refreshes all its bindings (RFC 8599 4.1.3)."""
        return min(token.digest for _, token in self.tokens)


@dataclass(frozen=True, slots=True, kw_only=True)
class Loc:
    """Texts that stand in the app itself, in the language of the phone; shown in place of those of the alert."""

    key: str = ""
    """In place of `body`; empty: none."""
    args: tuple[str, ...] = ()
    title_key: str = ""
    """In place of `title`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """What the phone's system shows, sounds and counts, from the account's settings."""

    title: str = ""
    body: str = ""
    """Such as "Boss calling". Empty: nothing is shown."""
    loc: Loc | None = None
    sound: str = ""
    is_critical: bool = False
    """Whether it sounds where the phone is muted, too."""
    style: AlertStyle = AlertStyle.ALERT
    """How the text is shown."""
    badge: int | None = None
    """Missed calls and unread messages."""
    category: str = ""
    """Names the buttons: `INCOMING_CALL` has Accept and Reject."""
    buttons: tuple[str, str] = ("Answer", "Decline")
    """What is written on those of a call, where they are not the app's own."""

    @property
    def is_perceptible(self) -> bool:
        """Whether there is anything to see, hear or count."""
        return bool(self.body or self.sound) or self.badge is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """The content of a push (docs/reference/payload.md)."""

    kind: Kind
    id: str
    """Keyed hash that a repeat after a crash carries again."""
    account: str
    """Hash of the AOR, so that a phone with several accounts knows which one is meant."""
    call_id: str = ""
    """Call-ID of the INVITE or MESSAGE that the phone will get."""
    from_uri: str = ""
    from_name: str = ""
    seq: int = 0
    """Rises with each push of one call, since pushes may arrive out of order."""
    uuid: str = ""
    """Derived from Call-ID, for CallKit."""
    deadline_ms: int = 0
    """Milliseconds left when this was built; after them the call is over."""
    alert: Alert | None = None
    extra: tuple[tuple[str, str], ...] = ()
    """Further members of the payload, by name, the most important first."""
    actions: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """What may be done from the notification, and the signed URL that does it (docs/adr/0040-actions.md)."""
    ticket: str = field(default="", repr=False)
    """Stands for the phone's credentials, once; empty when none is given (docs/adr/0018-ticket.md)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push to one token: the same value again is a retry, under the same id."""

    notice: Notice
    target: PushTarget
    service: Service
    token: Token
    expires_at: float
    """Wall clock, epoch seconds: the provider need not deliver it later."""
    timeout: float = 10.0
    """Seconds that one attempt may take."""

    @property
    def is_background(self) -> bool:
        """Whether it is a background push of Apple's, with nothing to show: iOS takes two or three an hour."""
        alert = self.notice.alert
        is_shown = alert is not None and alert.is_perceptible and self.notice.kind not in SILENT
        return self.service is Service.REMOTE and not is_shown


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took it. Whether the phone wakes is not known by that."""

    id: str = ""
    """The provider's own id of the message."""


@dataclass(frozen=True, slots=True)
class Unregistered:
    """The provider says that this token is dead."""

    reason: str = ""
    at: float | None = None
    """Epoch seconds when the provider last knew it to be dead; a registration after that stands (APNs 410)."""


@dataclass(frozen=True, slots=True)
class Throttled:
    """Too many: try again later."""

    reason: str = ""
    retry_after: float | None = None
    """Seconds, when the provider named them."""


@dataclass(frozen=True, slots=True)
class Refused:
    """The provider will not take it."""

    reason: str
    status: int
    """HTTP status: 400 and 413 speak of this very push, 404 and 405 of how we ask, others (403 ...) of who we are."""
    is_unsent: bool = field(default=False, compare=False, repr=False)
    """Whether we have refused it ourselves: then it says nothing of the provider."""


@dataclass(frozen=True, slots=True)
class Unreachable:
    """No answer, a broken one, or 5xx: a retry may get through."""

    reason: str


Outcome: TypeAlias = Accepted | Unregistered | Throttled | Refused | Unreachable
