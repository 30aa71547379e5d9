"""An application: a phone app or web page, as the push services know it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


class Provider(StrEnum):
    """Push notification services, by their RFC 8599 `pn-provider` names (section 14.5)."""

    APNS = "apns"
    FCM = "fcm"
    WEBPUSH = "webpush"


class AppKey(NamedTuple):
    """What names an application: the service, and its `pn-param` there."""

    provider: Provider
    param: str
    """APNs: `TEAMID.bundle` (without `.voip`); FCM: project id; Web Push: the tenant's domain (it has no pn-param)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class App:
    """One application of one tenant. Its credentials stay with the push adapters."""

    key: AppKey
    tenant: str
    show_caller: bool = False
    """Put the caller's URI and name into the payload: the provider can read it, so it is a choice."""
    vapid_key: str = ""
    """Web Push: our public key, base64url without padding, for `+sip.vapid` (RFC 8599 section 8.3)."""
