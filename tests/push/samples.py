"""Pushes to send, and a clock that stands still until it is told otherwise."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Alert, Kind, Notice, Push, PushTarget, Service, SubscriptionKeys
from ringwake.secret import Secret, Token

NOW = 1_795_480_000.0
APNS_APP = AppKey(Provider.APNS, "TEAM123456.com.example.phone")
FCM_APP = AppKey(Provider.FCM, "demo-project")
WEBPUSH_APP = AppKey(Provider.WEBPUSH, "example.com")
UNIFIEDPUSH_APP = AppKey(Provider.UNIFIEDPUSH, "example.com")
HMS_APP = AppKey(Provider.HMS, "100000001")
HTTP_APP = AppKey(Provider.HTTP, "demo-phone")
HMS_TOKEN = "IQAAAACy0" + "x-_" * 40
HTTP_TOKEN = 'phone/42;a="1%2f<&>"'
APNS_TOKEN = "ab" * 32
FCM_TOKEN = "cX3:APA91b-_" + "x" * 100
CALL_ALERT = Alert(title="alice@example.com", body="Boss calling", sound="default", badge=1, category="INCOMING_CALL")


class Clock:
    """Wall clock of a test."""

    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class RealClock(Clock):
    """The wall clock, moved: google-auth reads the real one."""

    def __init__(self) -> None:
        super().__init__(0.0)

    def __call__(self) -> float:
        return time.time() + self.now  # noqa: TID251 - google-auth reads it too


def notice(kind: Kind = Kind.CALL, **changes: Any) -> Notice:
    """Make the content of a push; every field is filled."""
    made = Notice(
        kind=kind,
        id="8f14e45fceea167a5a36dedd4bea2543",
        account="5f2c1d9ab3e07c44",
        call_id="3848276298220188511@atlanta.example.com",
        from_uri="sip:boss@example.com",
        from_name="Boss",
        seq=1,
        uuid="c0c5b1f5-5bb4-5c0f-8a53-6c2a4b1f6a55",
        deadline_ms=18750,
        alert=CALL_ALERT if kind is Kind.CALL else None,
    )
    return replace(made, **changes)


def push(app: AppKey, value: str, service: Service = Service.ONLY, **changes: Any) -> Push:
    """Make a push to one token.

    `keys` goes to the target, `timeout` and `expires_at` to the push, all else to the notice.
    """
    keys = changes.pop("keys", None)
    timeout, expires_at = changes.pop("timeout", 5.0), changes.pop("expires_at", NOW + 18.75)
    token = Token(provider=app.provider.value, app=app.param, value=value)
    target = PushTarget(app=app, tokens=((service, token),), keys=keys)
    return Push(
        notice=notice(**changes), target=target, service=service, token=token, expires_at=expires_at, timeout=timeout
    )


def apns_push(service: Service = Service.VOIP, **changes: Any) -> Push:
    """Make a push to an iPhone."""
    return push(APNS_APP, changes.pop("value", APNS_TOKEN), service, **changes)


def fcm_push(**changes: Any) -> Push:
    """Make a push to an Android phone."""
    return push(FCM_APP, changes.pop("value", FCM_TOKEN), **changes)


def webpush_push(endpoint: str, **changes: Any) -> Push:
    """Make a push to a browser."""
    return push(WEBPUSH_APP, endpoint, **changes)


def hms_push(**changes: Any) -> Push:
    """Make a push to a Huawei phone."""
    return push(HMS_APP, changes.pop("value", HMS_TOKEN), **changes)


def http_push(**changes: Any) -> Push:
    """Make a push by way of the operator's own push server."""
    return push(HTTP_APP, changes.pop("value", HTTP_TOKEN), **changes)


def key_pem() -> Secret[bytes]:
    """Make a P-256 key as a .p8 file holds it."""
    key = generate_private_key(SECP256R1())
    return Secret(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def subscription_keys(p256dh: bytes, auth: bytes) -> SubscriptionKeys:
    """Return what a page hands over."""
    return SubscriptionKeys(p256dh=p256dh, auth=Secret(auth))
