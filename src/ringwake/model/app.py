"""An application: a phone app or web page, as the push services know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ringwake.model.texts import OURS, Extra, Texts


class Provider(StrEnum):
    """Push notification services, by their `pn-provider` names: the first three are RFC 8599's (section 14.5)."""

    APNS = "apns"
    FCM = "fcm"
    WEBPUSH = "webpush"
    UNIFIEDPUSH = "unifiedpush"
    HMS = "hms"
    HTTP = "http"
    """The operator's own push server."""


VAPID = frozenset({Provider.WEBPUSH, Provider.UNIFIEDPUSH})
"""Services whose phones name no application (RFC 8599 section 12): a tenant has one, known by its VAPID key."""
SANDBOX = "apns.dev"
"""`pn-provider` of an iPhone app that was built for Apple's sandbox, as Linphone writes it."""


class AppKey(NamedTuple):
    """What names an application: the service, and its `pn-param` there."""

    provider: Provider
    param: str
    """APNs: `TEAMID.bundle` (without `.voip`); FCM: project id; HMS: app id; HTTP: any name; Web Push and UnifiedPush:
    the tenant's domain, since they have no pn-param."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One application of one tenant. Its credentials stay with the push adapters."""

    key: AppKey
    tenant: str
    show_caller: bool = False
    """Put the caller's URI and name into the payload: the provider can read it, so it is a choice."""
    vapid_key: str = ""
    """Web Push and UnifiedPush: our public key, base64url without padding, for `+sip.vapid` (RFC 8599 section 8.3)."""
    is_sandbox: bool = False
    """APNs: the tokens are those of Apple's sandbox, which RFC 8599 has no word for."""
    offers_actions: bool = True
    """Put signed URLs into the payload that decline, answer and mark as read: the provider can use them, too."""
    call_repeat: float = 10.0
    """APNs: seconds after which the alert of a call is sent again to an iPhone without a VoIP token; 0: never."""
    texts: Texts = OURS
    extra: Extra = ()

    @property
    def words(self) -> tuple[str, ...]:
        """What its phones may write as `pn-provider`."""
        return (self.key.provider.value, *((SANDBOX,) if self.is_sandbox else ()))
