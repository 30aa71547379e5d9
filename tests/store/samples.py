"""Bindings, calls, messages and accounts to store, and a loop that cannot hang."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from ringwake.model.account import Account, Aor, PbxLogin
from ringwake.model.app import AppKey, Provider
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.push import PushTarget, Service, SubscriptionKeys
from ringwake.model.store_ops import ContactUpdate, Register, Registered
from ringwake.model.stored_message import StoredMessage
from ringwake.model.upload import Upload
from ringwake.registrar.merge import Merged, merge
from ringwake.secret import Secret, Token
from ringwake.sip.flow import Address, Flow, Transport

T = TypeVar("T")

ALICE, BOB = Aor("alice@example.com"), Aor("bob@example.com")
FCM, WEBPUSH = AppKey(Provider.FCM, "phone-project"), AppKey(Provider.WEBPUSH, "example.com")
APNS = AppKey(Provider.APNS, "TEAM123456.com.example.phone")
FLOW = Flow(Transport.TLS, Address("192.0.2.1", 5061), Address("198.51.100.7", 40001), 7, "n0de")
TRUNK = Flow(Transport.UDP, Address("192.0.2.1", 5060), Address("203.0.113.9", 5060))
NOW = 1_800_000_000.0


def run(main: Coroutine[Any, Any, T], *, seconds: float = 20.0) -> T:
    """Run a coroutine to its end; one that takes longer than `seconds` fails the test."""
    return asyncio.run(asyncio.wait_for(main, seconds))


def token(app: AppKey, value: str) -> Token:
    return Token(provider=app.provider.value, app=app.param, value=value)


def fcm(value: str) -> PushTarget:
    return PushTarget(app=FCM, tokens=((Service.ONLY, token(FCM, value)),))


def apns(*, voip: str = "", remote: str = "") -> PushTarget:
    given = ((Service.VOIP, voip), (Service.REMOTE, remote))
    return PushTarget(app=APNS, tokens=tuple((service, token(APNS, value)) for service, value in given if value))


def webpush(endpoint: str, keys: SubscriptionKeys | None = None) -> PushTarget:
    return PushTarget(app=WEBPUSH, tokens=((Service.ONLY, token(WEBPUSH, endpoint)),), keys=keys)


def upload(instance: str = "", *, push: PushTarget | None = None, aor: Aor = ALICE, at: float = NOW) -> Upload:
    return Upload(aor=aor, instance=instance, push=push or fcm("uploaded"), at=at)


def subscription_keys(number: int) -> SubscriptionKeys:
    return SubscriptionKeys(b"\4" + bytes([number]) * 64, Secret(bytes([number]) * 16))


def contact(new_id: str = "a1", **given: Any) -> ContactUpdate:
    given.setdefault("expires", 3600.0)
    return ContactUpdate(new_id=new_id, **{"uri": f"sip:{new_id}@198.51.100.7:40001;transport=tls"} | given)


def register(*contacts: ContactUpdate, aor: Aor = ALICE, cseq: int = 1, wall: float = NOW, **given: Any) -> Register:
    given.setdefault("call_id", "reg@198.51.100.7")
    given.setdefault("flow", FLOW)
    return Register(aor=aor, cseq=cseq, contacts=contacts, wall=wall, **given)


def binding(new_id: str = "a1", **given: Any) -> Binding:
    """Return what a first REGISTER with this contact leaves behind."""
    names = ("aor", "cseq", "wall", "call_id", "flow", "user_agent", "path")
    of_request = {name: given.pop(name) for name in names if name in given}
    merged = merge((), register(contact(new_id, **given), **of_request))
    assert isinstance(merged, Merged)
    return merged.touched[0]


def call(number: int = 1, *, aor: Aor = ALICE, at: float = NOW, wake: float = 20.0) -> CallRecord:
    return CallRecord(
        id=f"call{number}",
        trace=f"t{number}",
        aor=aor,
        invite=b"INVITE sip:alice@example.com SIP/2.0\r\nCall-ID: %d\r\n\r\n\xff\0" % number,
        flow=TRUNK,
        received_at=at,
        wake_until=at + wake,
    )


def message(number: int = 1, *, aor: Aor = ALICE, at: float = NOW, lasts: float = 600.0) -> StoredMessage:
    return StoredMessage(
        id=f"message{number}",
        trace=f"m{number}",
        aor=aor,
        message=b"MESSAGE sip:alice@example.com SIP/2.0\r\n\r\nhello %d \xff\0" % number,
        received_at=at,
        expires_at=at + lasts,
    )


def account(aor: Aor = ALICE, *, md5: str = "0" * 32, pbx: PbxLogin | None = None) -> Account:
    tenant = aor.partition("@")[2]
    return Account(aor=aor, tenant=tenant, ha1_md5=Secret(md5), ha1_sha256=Secret(md5 * 2), pbx=pbx)


def login(password: str = "word", *, realm: str = "", heard_at: float = 0.0) -> PbxLogin:
    return PbxLogin(user="1001", password=Secret(password), realm=realm, heard_at=heard_at)


def registered(result: object) -> Registered:
    assert isinstance(result, Registered)
    return result
