"""Phones to wake: their bindings, flows and push targets, and the account that they belong to."""

from __future__ import annotations

from typing import Any

from tests.support.sip_messages import LOCAL

from ringwake.model.account import Account, Aor
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.binding import Binding
from ringwake.model.push import Alert, Kind, Notice, Push, PushTarget, Service
from ringwake.model.settings import Notifications, Settings
from ringwake.secret import Secret, Token
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.keys import KeyRing

WALL = 1_800_000_000.0
"""Wall clock at monotonic second 0."""
SEAL = KeyRing([Secret(b"k" * 32)])
AOR = Aor("alice@example.com")
ANDROID_APP = AppKey(Provider.FCM, "demo")
IPHONE_APP = AppKey(Provider.APNS, "TEAM.com.example")
BROWSER_APP = AppKey(Provider.WEBPUSH, "example.com")


def wall(now: float) -> float:
    """From monotonic to epoch seconds."""
    return WALL + now


def account(**settings: Any) -> Account:
    """Alice, with notification settings."""
    blank = Secret("0" * 32)
    made = Settings(notifications=Notifications(**settings))
    return Account(aor=AOR, tenant="example.com", ha1_md5=blank, ha1_sha256=blank, settings=made)


def app(key: AppKey = ANDROID_APP, *, show_caller: bool = False) -> App:
    """Return the application of a phone."""
    return App(key=key, tenant="example.com", show_caller=show_caller)


def target(key: AppKey = ANDROID_APP, **tokens: str) -> PushTarget:
    """Return a push target; tokens by service: `voip`, `remote`, `only`."""
    services = {Service[name.upper()]: value for name, value in tokens.items()}
    made = ((s, Token(provider=key.provider.value, app=key.param, value=value)) for s, value in services.items())
    return PushTarget(app=key, tokens=tuple(made))


def android(name: str = "a") -> PushTarget:
    """Return the target of an Android phone."""
    return target(only=f"token-of-{name}")


def iphone(name: str = "i") -> PushTarget:
    """Return the target of an iPhone that gave both its tokens."""
    return target(IPHONE_APP, voip=f"voip-of-{name}", remote=f"remote-of-{name}")


def voip_only(name: str = "v") -> PushTarget:
    """Return the target of an iPhone that gave its VoIP token alone."""
    return target(IPHONE_APP, voip=f"voip-of-{name}")


def browser(name: str = "w") -> PushTarget:
    """Return the target of a page."""
    return target(BROWSER_APP, only=f"https://push.example.org/{name}")


def push_to(to: PushTarget, kind: Kind = Kind.CALL, *, alert: Alert | None = None) -> Push:
    """Return a push of this kind to the token that it takes."""
    vehicle = to.vehicle(kind)
    assert vehicle is not None
    notice = Notice(kind=kind, id="1", account="-", alert=alert)
    return Push(notice=notice, target=to, service=vehicle[0], token=vehicle[1], expires_at=WALL + 60)


def flow(number: int = 1, transport: Transport = Transport.TLS) -> Flow:
    """Return a phone's connection: each number is another one."""
    return Flow(transport, LOCAL, Address("203.0.113.7", 40_000 + number), serial=number, node="n1")


def binding(device: str = "a", **changes: Any) -> Binding:
    """Return the binding of a phone that registered an hour ago, for a month."""
    fields: dict[str, Any] = {
        "aor": AOR,
        "uri": f"sip:{device}@203.0.113.7",
        "call_id": f"register-{device}",
        "cseq": 1,
        "flow": flow(),
        "push": android(device),
        "registered_at": WALL - 3600,
        "expires_at": WALL + 30 * 86400,
    }
    return Binding(id=device, **{**fields, **changes})
