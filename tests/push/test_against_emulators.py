"""The senders against the emulators: two independent readings of the same services, which must agree."""

from __future__ import annotations

import asyncio
import json
import time
from base64 import urlsafe_b64decode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.push.loop import run
from tests.push.phone import Phone, attached
from tests.push.samples import CALL_ALERT, notice

from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab
from ringwake.model.app import AppKey, Provider
from ringwake.model.push import (
    SILENT,
    Accepted,
    Alert,
    Kind,
    Outcome,
    Push,
    PushTarget,
    Refused,
    Service,
    SubscriptionKeys,
    Throttled,
    Unreachable,
    Unregistered,
)
from ringwake.push.access import ApnsAccess, FcmAccess, HmsAccess, HookAccess, WebPushAccess
from ringwake.push.senders import Senders
from ringwake.secret import Secret, Token

BUNDLE = "com.example.phone"
wall = time.time  # noqa: TID251 - both sides need the same clock, and google-auth takes the real one
REMOTE_ALERT = Alert(title="t", body="b", sound="default", badge=1)
SERVICES = ["apns", "fcm", "webpush", "unifiedpush", "hms", "http"]
SUBSCRIBED = {"webpush", "unifiedpush"}
UNHURRIED = {Kind.MESSAGE, Kind.MISSED, Kind.REFRESH, Kind.READ, Kind.VOICEMAIL}
LISTENERS = {"unifiedpush": "webpush"}
"""Whose switches concern a service, where they are not its own."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A lab with one phone, and the senders that reach it."""

    lab: Lab
    phone: Phone
    senders: Senders
    targets: dict[str, PushTarget]
    faults: list[str]

    def push(self, service: str, kind: Kind = Kind.CALL, **changes: Any) -> Push:
        target, timeout = self.targets[service], changes.pop("timeout", 5.0)
        vehicle = target.vehicle(kind)
        assert vehicle is not None
        content = notice(kind, **({"alert": CALL_ALERT if kind is Kind.CALL else REMOTE_ALERT} | changes))
        return Push(
            notice=content, target=target, service=vehicle[0], token=vehicle[1], expires_at=wall() + 20, timeout=timeout
        )

    async def send(self, service: str, kind: Kind = Kind.CALL, **changes: Any) -> Outcome:
        return await self.senders.send(self.push(service, kind, **changes))


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps the lab's keys from test to test: making them is slow."""
    return tmp_path_factory.mktemp("lab")


@asynccontextmanager
async def stage(folder: Path) -> AsyncIterator[Stage]:
    async with Lab.open(folder, clock=Clock(wall)) as lab, attached(lab) as phone:
        faults: list[str] = []
        senders = Senders(wall=wall, report=faults.append)
        targets = {service: await TARGETS[service](lab, phone, senders) for service in SERVICES}
        try:
            yield Stage(lab=lab, phone=phone, senders=senders, targets=targets, faults=faults)
            assert not faults
        finally:
            await senders.close()


def token(app: AppKey, value: str) -> Token:
    return Token(provider=app.provider.value, app=app.param, value=value)


async def apns(lab: Lab, phone: Phone, senders: Senders) -> PushTarget:
    made, ids = lab.credentials, lab.credentials.ids
    app = AppKey(Provider.APNS, f"{ids.team}.{BUNDLE}")
    key = Secret(made.apns_key_file.read_bytes())
    senders.add(app, ApnsAccess(key_id=ids.key_id, key=key, endpoint=lab.apns_url, ca_file=lab.ca_file))
    tokens = (await phone.ask("register", provider="apns", app=BUNDLE))["tokens"]
    pairs = ((Service.VOIP, token(app, tokens["voip"])), (Service.REMOTE, token(app, tokens["remote"])))
    return PushTarget(app=app, tokens=pairs)


async def fcm(lab: Lab, phone: Phone, senders: Senders) -> PushTarget:
    app = AppKey(Provider.FCM, lab.credentials.ids.project)
    account = json.loads(lab.credentials.service_account_file.read_bytes())
    senders.add(app, FcmAccess(service_account=account, endpoint=lab.fcm_url, ca_file=lab.ca_file))
    got = await phone.ask("register", provider="fcm", app=app.param)
    return PushTarget(app=app, tokens=((Service.ONLY, token(app, got["token"])),))


async def webpush(lab: Lab, phone: Phone, senders: Senders) -> PushTarget:
    return await subscribed(Provider.WEBPUSH, lab, phone, senders)


async def unifiedpush(lab: Lab, phone: Phone, senders: Senders) -> PushTarget:
    return await subscribed(Provider.UNIFIEDPUSH, lab, phone, senders)


async def subscribed(provider: Provider, lab: Lab, phone: Phone, senders: Senders) -> PushTarget:
    app, made = AppKey(provider, "example.com"), lab.credentials
    key = Secret(made.vapid_key_file.read_bytes())
    access = WebPushAccess(vapid_key=key, subject="mailto:ops@example.com", allow_private=True, ca_file=lab.ca_file)
    senders.add(app, access)
    got = await phone.ask("register", provider=provider, application_server_key=made.vapid_public_key)
    subscription = got["subscription"]
    p256dh, auth = (urlsafe_b64decode(subscription["keys"][name] + "==") for name in ("p256dh", "auth"))
    keys = SubscriptionKeys(p256dh=p256dh, auth=Secret(auth))
    return PushTarget(app=app, tokens=((Service.ONLY, token(app, subscription["endpoint"])),), keys=keys)


async def hms(lab: Lab, phone: Phone, senders: Senders) -> PushTarget:
    described = lab.describe()["hms"]
    assert isinstance(described, dict)
    app = AppKey(Provider.HMS, described["app"])
    secret = Secret(lab.credentials.hms_secret_file.read_text())
    access = HmsAccess(
        secret=secret,
        project=described["project"],
        endpoint=described["url"],
        token_endpoint=described["token_url"],
        ca_file=lab.ca_file,
    )
    senders.add(app, access)
    got = await phone.ask("register", provider="hms", app=app.param)
    return PushTarget(app=app, tokens=((Service.ONLY, token(app, got["token"])),))


async def http(lab: Lab, phone: Phone, senders: Senders) -> PushTarget:
    app = AppKey(Provider.HTTP, "demo-phone")
    secret = Secret(lab.credentials.hook_secret_file.read_bytes())
    senders.add(app, HookAccess(endpoint=lab.hook_url, secret=secret, ca_file=lab.ca_file))
    got = await phone.ask("register", provider="http", app=app.param)
    return PushTarget(app=app, tokens=((Service.ONLY, token(app, got["token"])),))


TARGETS = {"apns": apns, "fcm": fcm, "webpush": webpush, "unifiedpush": unifiedpush, "hms": hms, "http": http}


def ringwake(push: dict[str, Any]) -> dict[str, Any]:
    """Return our object out of what the phone got."""
    payload = push["payload"]
    if isinstance(payload, str):
        payload = json.loads(payload)
    ours = payload["ringwake"]
    found: dict[str, Any] = json.loads(ours) if isinstance(ours, str) else ours
    return found


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("has_alert", [True, False])
def test_every_push_is_taken_and_arrives(service: str, *, has_alert: bool, lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            await it.lab.switches.set("apns", quota=0)  # more than three in the background, and at once
            for kind in Kind:
                if service == "webpush" and (kind in SILENT or kind is Kind.READ):
                    continue
                changes = {} if has_alert else {"alert": None}
                assert isinstance(await it.send(service, kind, **changes), Accepted)
                got = await it.phone.push()
                ours = ringwake(got)
                assert (ours["kind"], ours["from"]) == (kind.value, {"uri": "sip:boss@example.com", "name": "Boss"})
                CHECKS[service](got, kind, has_alert=has_alert)

    run(story())


def check_apns(got: dict[str, Any], kind: Kind, *, has_alert: bool) -> None:
    is_alert = has_alert and kind not in SILENT
    form = "voip" if kind is Kind.CALL else "alert" if is_alert else "background"
    assert got["push_type"] == form
    assert (got["display"] is not None) is (form == "alert")


def check_fcm(got: dict[str, Any], kind: Kind, *, has_alert: bool) -> None:
    assert got["priority"] == ("NORMAL" if kind in (Kind.REFRESH, Kind.READ) else "HIGH")
    assert ("body" in got["payload"]) is (has_alert and kind not in SILENT)
    assert got["display"] is None


def check_webpush(got: dict[str, Any], kind: Kind, *, has_alert: bool) -> None:
    assert got["urgency"] == ("normal" if kind in UNHURRIED else "high")
    assert ("notification" in json.loads(got["payload"])) is has_alert


def check_unifiedpush(got: dict[str, Any], kind: Kind, *, has_alert: bool) -> None:
    assert got["urgency"] == ("normal" if kind in UNHURRIED else "high")
    assert ("notification" in json.loads(got["payload"])) is (has_alert and kind not in SILENT)
    assert got["display"] is None


def check_hms(got: dict[str, Any], kind: Kind, *, has_alert: bool) -> None:
    assert got["urgency"] == ("NORMAL" if kind in (Kind.REFRESH, Kind.READ) else "HIGH")
    assert got["category"] == ("VOIP" if kind is Kind.CALL else "")
    assert ("alert" in json.loads(got["payload"])) is (has_alert and kind not in SILENT)


def check_http(got: dict[str, Any], kind: Kind, *, has_alert: bool) -> None:
    assert ("alert" in got["payload"]) is (has_alert and kind not in SILENT)


CHECKS = {
    "apns": check_apns,
    "fcm": check_fcm,
    "webpush": check_webpush,
    "unifiedpush": check_unifiedpush,
    "hms": check_hms,
    "http": check_http,
}


def test_a_call_reaches_a_phone_without_voip_token_as_an_alert(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            target = it.targets["apns"]
            it.targets["apns"] = replace(target, tokens=target.tokens[1:])
            assert isinstance(await it.send("apns"), Accepted)
            got = await it.phone.push()
            assert (got["push_type"], got["display"]["category"]) == ("alert", "INCOMING_CALL")

    run(story())


def test_a_browser_without_keys_gets_an_empty_push(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            it.targets["webpush"] = replace(it.targets["webpush"], keys=None)
            assert isinstance(await it.send("webpush"), Accepted)
            assert (await it.phone.push())["payload"] is None

    run(story())


@pytest.mark.parametrize("service", SERVICES)
def test_the_longest_push_is_taken(service: str, lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            assert isinstance(await it.send(service, from_name='Ä"\\' * 3000), Accepted)
            assert ringwake(await it.phone.push())["from"]["name"].startswith('Ä"\\')

    run(story())


@pytest.mark.parametrize("service", SERVICES)
def test_a_removed_app_is_known_to_be_gone(service: str, lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            key = it.lab.credentials.vapid_public_key
            app = {"application_server_key": key} if service in SUBSCRIBED else {"app": it.targets[service].app.param}
            if service == "apns":
                app = {"app": BUNDLE}
            await it.phone.ask("unregister", provider=service, **app)
            outcome = await it.send(service)
            assert isinstance(outcome, Unregistered)
            if service in ("apns", "http"):
                assert outcome.at is not None
                assert abs(outcome.at - wall()) < 60

    run(story())


SWITCHED: list[tuple[str, dict[str, Any], Outcome]] = [
    ("apns", {"answer": 400, "reason": "BadDeviceToken"}, Unregistered("BadDeviceToken")),
    ("apns", {"answer": 403, "reason": "InvalidProviderToken"}, Refused("InvalidProviderToken", 403)),
    ("apns", {"answer": 429}, Throttled("TooManyRequests")),
    ("apns", {"answer": 503, "reason": "Shutdown"}, Unreachable("Shutdown")),
    ("fcm", {"answer": 404}, Unregistered("UNREGISTERED")),
    ("fcm", {"answer": 403}, Refused("SENDER_ID_MISMATCH", 403)),
    ("fcm", {"answer": 429}, Throttled("QUOTA_EXCEEDED", 60.0)),
    ("fcm", {"answer": 503, "retry_after": 2}, Throttled("UNAVAILABLE", 2.0)),
    ("fcm", {"answer": 503}, Unreachable("UNAVAILABLE")),
    ("webpush", {"answer": 429, "retry_after": 9}, Throttled("HTTP 429", 9.0)),
    ("webpush", {"answer": 410}, Unregistered("HTTP 410")),
    ("webpush", {"answer": 503}, Unreachable("HTTP 503")),
    ("unifiedpush", {"answer": 404}, Unregistered("HTTP 404")),
    ("unifiedpush", {"answer": 403}, Refused("HTTP 403", 403)),
    ("hms", {"answer": 200, "reason": "80300007"}, Unregistered("80300007")),
    ("hms", {"answer": 200}, Unreachable("no code in the answer")),
    ("hms", {"answer": 200, "reason": "80300002"}, Refused("80300002", 403)),
    ("hms", {"answer": 200, "reason": "80200003", "times": 1}, Accepted()),
    ("hms", {"answer": 401}, Refused("80200001", 401)),
    ("hms", {"answer": 400}, Refused("80100003", 400)),
    ("hms", {"answer": 503, "retry_after": 2}, Throttled("HTTP 503", 2.0)),
    ("hms", {"answer": 429}, Throttled("HTTP 429")),
    ("hms", {"answer": 500}, Unreachable("81000001")),
    ("http", {"answer": 401, "reason": "bad_signature"}, Refused("bad_signature", 401)),
    ("http", {"answer": 404}, Refused("HTTP 404", 404)),
    ("http", {"answer": 429, "retry_after": 2}, Throttled("HTTP 429", 2.0)),
    ("http", {"answer": 503, "reason": "restart"}, Unreachable("restart")),
    ("http", {"answer": 302}, Refused("HTTP 302", 302)),
]


@pytest.mark.parametrize("service", SERVICES)
def test_what_the_service_says_is_understood(service: str, lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            for _, switches, outcome in (row for row in SWITCHED if row[0] == service):
                listener = LISTENERS.get(service, service)
                await it.lab.switches.clear(listener)
                await it.lab.switches.set(listener, **switches)
                sent = await it.send(service)
                if service in SUBSCRIBED or isinstance(sent, Accepted):  # its reason, or id, is the service's own
                    assert type(sent) is type(outcome)
                else:
                    assert sent == outcome

    run(story())


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (503, Unreachable("OAuth: no answer")),
        (400, Refused("OAuth: the service account is refused", 401)),
    ],
)
def test_what_google_says_of_the_service_account_is_understood(status: int, outcome: Outcome, lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            await it.lab.switches.set("oauth", answer=status)
            assert await it.send("fcm") == outcome

    run(story())


@pytest.mark.parametrize(
    ("status", "outcome"),
    [(503, Unreachable("OAuth: no answer")), (400, Refused("OAuth: the app secret is refused", 401))],
)
def test_what_huawei_says_of_the_app_secret_is_understood(status: int, outcome: Outcome, lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            await it.lab.switches.set("hms-oauth", answer=status)
            assert await it.send("hms") == outcome

    run(story())


def test_a_push_whose_answer_was_lost_is_known_again_by_a_push_server(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            await it.lab.switches.set("http", lose_answer=True, times=1)
            push = it.push("http")
            assert isinstance(await it.senders.send(push), Unreachable | Accepted)
            assert isinstance(await it.senders.send(push), Accepted)
            await it.phone.push()
            delivered = [entry for entry in it.lab.journal.entries if entry.event == "delivered"]
            assert len(delivered) == 1

    run(story())


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_in_trouble_is_unreachable(service: str, lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            await it.send(service)
            for switches in ({"off": True}, {"reset": True}, {"hang": True}, {"freeze": True}):
                listener = LISTENERS.get(service, service)
                await it.lab.switches.set(listener, **switches)
                assert isinstance(await it.send(service, timeout=0.5), Unreachable)
                await it.lab.switches.clear(listener)
                assert isinstance(await it.send(service), Accepted)

    run(story())


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize(
    "switches", [{"overrun": "goaway"}, {"goaway": 50}, {"streams": 10}, {"streams": 10, "goaway": 40}]
)
def test_nothing_is_lost_however_the_service_treats_its_connections(
    service: str, switches: dict[str, Any], lab_folder: Path
) -> None:
    async def story() -> None:
        async with stage(lab_folder) as it:
            await it.lab.switches.set(LISTENERS.get(service, service), **switches)
            pushes = [it.send(service, Kind.MESSAGE, id=str(number)) for number in range(200)]
            outcomes = await asyncio.gather(*pushes)
            assert {type(outcome) for outcome in outcomes} == {Accepted}

    run(story())
