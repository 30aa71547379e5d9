"""Phones of every dialect: they register, sleep, are woken by their token, and nobody else gets to see it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.in_world import in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, PROJECT, SERVER, World

from ringwake.model.account import Aor
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.push import PushTarget, Service
from ringwake.model.upload import PutUpload, Upload
from ringwake.secret import Token
from ringwake.sip.flow import Address
from ringwake.sip.message import Response
from ringwake.store.directory import MemoryDirectory

TEAM, BUNDLE = "ABCD123456", "org.example.app"
HEX, REMOTE = "aa11" * 16, "bb22" * 16
FCM = "cX3-_dD:APA91bsecret"
ENDPOINT = "https://push.example.org/wpush/v2/gAAAA=?a=b"
ESCAPED = "https%3A%2F%2Fpush.example.org%2Fwpush%2Fv2%2FgAAAA%3D%3Fa%3Db"
NOISE = ";pn-silent=1;pn-timeout=0;pn-msg-str=IM_MSG;pn-call-str=IC_MSG"
LINPHONE = f"pn-prid={HEX}:voip&{REMOTE}:remote;pn-param={TEAM}.{BUNDLE}.voip&remote"
ALICE = f"sip:alice@{DOMAIN}"

# Contact, more fields, sip.pns in the 200, the token that a call is announced to, and what others see of the Contact.
DIALECTS = {
    "RFC 8599": (
        f"<sip:al@h;pn-provider=fcm;pn-param={PROJECT};pn-prid={FCM.replace(':', '%3A')}>",
        [],
        "fcm",
        FCM,
        "<sip:al@h>",
    ),
    "Linphone on an iPhone": (
        f"<sip:al@h;transport=tls;pn-provider=apns;{LINPHONE}{NOISE}>",
        [],
        "apns",
        HEX,
        f"<sip:al@h;transport=tls{NOISE}>",
    ),
    "Linphone built for Apple's sandbox": (
        f"<sip:al@h;pn-prid={HEX};pn-provider=apns.dev;pn-param={TEAM}.{BUNDLE}.beta.voip>",
        [],
        "apns.dev",
        HEX,
        "<sip:al@h>",
    ),
    "JsSIP, in quotes": (
        f'<sip:x@y.invalid;transport=ws>;pn-provider=webpush;pn-prid="{ENDPOINT}"',
        [],
        "webpush",
        ENDPOINT,
        "<sip:x@y.invalid;transport=ws>",
    ),
    "JsSIP, escaped": (
        f"<sip:x@y.invalid;transport=ws>;pn-provider=webpush;pn-prid={ESCAPED}",
        [],
        "webpush",
        ENDPOINT,
        "<sip:x@y.invalid;transport=ws>",
    ),
    "Linphone before the RFC, on an iPhone": (
        f"<sip:al@h;app-id={BUNDLE}.voip.prod;pn-type=apple;pn-tok={HEX}{NOISE}>",
        [],
        "apns",
        HEX,
        f"<sip:al@h;app-id={BUNDLE}.voip.prod;pn-type=apple{NOISE}>",
    ),
    "Linphone before the RFC, on Android": (
        f"<sip:al@h;app-id={PROJECT};pn-type=firebase;pn-tok={FCM}>",
        [],
        "fcm",
        FCM,
        f"<sip:al@h;app-id={PROJECT};pn-type=firebase>",
    ),
    "MizuTech on an iPhone": ("<sip:al@h>", [f"X-MPUSH: i:{BUNDLE}:{HEX}"], "apns", HEX, "<sip:al@h>"),
    "MizuTech on Android": ("<sip:al@h>", [f"X-MPUSH: a:org.example.droid:{FCM}"], "fcm", FCM, "<sip:al@h>"),
}
EACH = pytest.mark.parametrize(("contact", "fields", "caps", "token", "shown"), DIALECTS.values(), ids=DIALECTS)


def with_apps(world: World) -> None:
    """Give the tenant an application at each service."""
    keys = [(Provider.FCM, PROJECT), (Provider.APNS, f"{TEAM}.{BUNDLE}"), (Provider.WEBPUSH, DOMAIN)]
    beta = App(key=AppKey(Provider.APNS, f"{TEAM}.{BUNDLE}.beta"), tenant=DOMAIN, is_sandbox=True)
    apps = [beta, *(App(key=AppKey(*key), tenant=DOMAIN) for key in keys)]
    world.core.registrar = replace(world.core.registrar, directory=MemoryDirectory([], apps, []))


def writings(token: str) -> list[bytes]:
    """Return all ways in which a token may be written."""
    escaped = {":": "%3A", "/": "%2F", "=": "%3D", "?": "%3F"}
    return [token.encode(), "".join(escaped.get(c, c) for c in token).encode()]


def told(world: World, token: str) -> set[Address]:
    """Return to whom the server sent a token, however written."""
    sent = [(flow.remote, octets) for _, flow, octets in world.network.sent if flow.local == SERVER]
    return {remote for remote, octets in sent if any(text in octets for text in writings(token))}


@EACH
def test_a_phone_is_promised_its_own_service_and_gets_its_contact_back(
    contact: str, fields: list[str], caps: str, token: str, shown: str
) -> None:
    del token, shown

    async def test(world: World) -> None:
        with_apps(world)
        phone = await Stranger(world).open()
        ok = await phone.ask_as("alice", phone.register("alice", *fields, contact=contact))
        assert ok.status == 200
        assert ok.headers.values("contact") == [f"{contact};expires={30 * 86400}"]
        (line,) = ok.headers.values("feature-caps")
        assert line.startswith(f'*;+sip.pns="{caps}"')

    in_world(test)


@EACH
def test_a_call_wakes_it_by_its_token_which_goes_to_nobody_else(
    contact: str, fields: list[str], caps: str, token: str, shown: str
) -> None:
    del caps

    async def test(world: World) -> None:
        with_apps(world)
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        await phone.ask_as("alice", phone.register("alice", *fields, contact=contact))
        second = await Stranger(world, address=Address("10.0.0.51", 4000)).open()
        ok = await second.ask_as("alice", second.register("alice"))
        assert any(value.startswith(shown) for value in ok.headers.values("contact")), "the rest of it is no secret"
        await second.close()
        await phone.close()
        boss = await Stranger(world).open()
        request = await boss.signed("boss", boss.request("INVITE", ALICE, "Contact: <sip:boss@h>"))
        boss.send(request)
        await pause(1)
        assert token in {push.token.reveal() for _, push in world.provider.pushes}
        again = await Stranger(world, address=Address("10.0.0.50", 4001)).open()
        await again.ask_as("alice", again.register("alice", *fields, contact=contact))
        await pause(0.1)
        (invite,) = [request for request in again.requests if request.method == "INVITE"]
        assert invite.uri == shown.strip("<>")
        again.answer(invite, 200, ("contact", contact), ("x-mpush", f"i:{BUNDLE}:{token}"))
        await pause(0.1)
        (answered,) = [found for found in boss.responses_to(request) if found.status == 200]
        assert isinstance(answered, Response)
        assert (answered.headers.values("contact"), "x-mpush" in answered.headers) == ([shown], False)
        assert told(world, token) <= {phone.address, again.address}
        assert token not in repr(world.events)

    in_world(test)


def test_a_phone_that_uploaded_its_token_over_http_is_woken_like_any_other() -> None:
    async def test(world: World) -> None:
        key = AppKey(Provider.FCM, PROJECT)
        token = Token(provider=key.provider, app=key.param, value=FCM)
        push = PushTarget(app=key, tokens=((Service.ONLY, token),))
        upload = Upload(aor=Aor(f"alice@{DOMAIN}"), instance="", push=push, at=world.wall(world.loop.time()))
        await world.store.do(PutUpload(upload))
        phone = await Stranger(world, address=Address("10.0.0.50", 4000)).open()
        ok = await phone.ask_as("alice", phone.register("alice", expires=60))
        assert ok.headers.values("contact") == [f"<sip:alice@{phone.address}>;expires={30 * 86400}"]
        assert "feature-caps" not in ok.headers, "it did not ask"
        await phone.close()
        boss = await Stranger(world).open()
        boss.send(await boss.signed("boss", boss.request("INVITE", ALICE, "Contact: <sip:boss@h>")))
        await pause(1)
        assert [push.token.reveal() for _, push in world.provider.pushes] == [FCM]
        again = await Stranger(world, address=Address("10.0.0.50", 4001)).open()
        await again.ask_as("alice", again.register("alice"))
        await pause(0.1)
        assert [request.method for request in again.requests] == ["INVITE"]
        assert told(world, FCM) == set()

    in_world(test)


def test_what_only_asks_hears_of_the_sandbox_too() -> None:
    async def test(world: World) -> None:
        with_apps(world)
        phone = await Stranger(world).open()
        ok = await phone.ask_as("alice", phone.register("alice", contact="<sip:al@h;pn-provider>"))
        names = [value.split('"')[1] for value in ok.headers.values("feature-caps")]
        assert names == ["apns", "apns.dev", "fcm", "webpush"]

    in_world(test)


@pytest.mark.parametrize(
    ("nearer", "is_pushed"), [('*;+sip.pns="fcm"', False), ('+sip.pns="FCM"', False), ('*;+sip.pns="apns"', True)]
)
def test_a_nearer_proxy_that_pushes_is_the_only_one_to_push(nearer: str, is_pushed: bool) -> None:  # R3, A9
    async def test(world: World) -> None:
        phone = await Stranger(world).open()
        contact = f"<sip:al@{phone.address};pn-provider=fcm;pn-param={PROJECT};pn-prid={FCM}>"
        ok = await phone.ask_as("alice", phone.register("alice", f"Feature-Caps: {nearer}", contact=contact))
        assert (ok.status, len(ok.headers.values("feature-caps"))) == (200, int(is_pushed))
        boss = await Stranger(world, address=Address("10.0.0.51", 4000)).open()
        boss.send(await boss.signed("boss", boss.request("INVITE", ALICE, "Contact: <sip:boss@h>")))
        await pause(1)
        (invite,) = [request for request in phone.requests if request.method == "INVITE"]
        assert invite.uri == f"sip:al@{phone.address}"
        assert world.provider.pushes == []
        await phone.close()
        boss.send(await boss.signed("boss", boss.request("INVITE", ALICE, "Contact: <sip:boss@h>")))
        await pause(1)
        assert bool(world.provider.pushes) is is_pushed

    in_world(test)
