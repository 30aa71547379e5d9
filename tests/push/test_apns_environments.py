"""Both of Apple's environments and both ways to say who we are, against the emulators."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.push.certificates import make
from tests.push.loop import run
from tests.push.phone import Phone, attached
from tests.push.samples import CALL_ALERT, notice

from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab
from ringwake.model.app import AppKey, Provider
from ringwake.model.push import Accepted, Kind, Outcome, Push, PushTarget, Refused, Service, Unreachable, Unregistered
from ringwake.push.access import ApnsAccess
from ringwake.push.errors import CredentialsError
from ringwake.push.senders import Senders
from ringwake.secret import Secret, Token

BUNDLE = "com.example.phone"
wall = time.time  # noqa: TID251 - both sides need the same clock


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps the lab's keys from test to test: making them is slow."""
    return tmp_path_factory.mktemp("lab")


@dataclass(slots=True, kw_only=True)
class Stage:
    """A lab, a phone in one of the environments, and the senders that reach it."""

    lab: Lab
    phone: Phone
    senders: Senders
    app: AppKey
    token: str

    async def call(self) -> Outcome:
        token = Token(provider="apns", app=self.app.param, value=self.token)
        target = PushTarget(app=self.app, tokens=((Service.VOIP, token),))
        content, until = notice(Kind.CALL, alert=CALL_ALERT), wall() + 20
        return await self.senders.send(
            Push(notice=content, target=target, service=Service.VOIP, token=token, expires_at=until, timeout=10.0)
        )

    @property
    def asked(self) -> tuple[int, int]:
        """How often production and the sandbox were asked."""
        return self.lab.counters("apns").requests, self.lab.counters("apns-sandbox").requests


def by_key(lab: Lab) -> dict[str, Any]:
    made = lab.credentials
    return {"key_id": made.ids.key_id, "key": Secret(made.apns_key_file.read_bytes())}


def by_certificate(lab: Lab) -> dict[str, Any]:
    return {"identity": Secret(b"".join(file.read_bytes() for file in lab.credentials.apns_client_files))}


@asynccontextmanager
async def stage(folder: Path, environment: str, credentials: dict[str, Any] | None = None) -> AsyncIterator[Stage]:
    async with Lab.open(folder, clock=Clock(wall)) as lab, attached(lab) as phone:
        faults: list[str] = []
        senders = Senders(wall=wall, report=faults.append)
        app = AppKey(Provider.APNS, f"{lab.credentials.ids.team}.{BUNDLE}")
        reach: dict[str, Any] = {
            "endpoint": lab.apns_url,
            "other_endpoint": lab.apns_sandbox_url,
            "ca_file": lab.ca_file,
        }
        senders.add(app, ApnsAccess(**(by_key(lab) if credentials is None else credentials), **reach))
        tokens = (await phone.ask("register", provider="apns", app=BUNDLE, environment=environment))["tokens"]
        try:
            yield Stage(lab=lab, phone=phone, senders=senders, app=app, token=tokens["voip"])
            assert not faults
        finally:
            await senders.close()


def test_a_phone_in_the_sandbox_rings_for_an_app_in_production_and_is_remembered(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder, "sandbox") as it:
            for asked in ((1, 1), (1, 2), (1, 3)):
                outcome = await it.call()
                assert isinstance(outcome, Accepted)
                assert outcome.id, "the sandbox gives the id of Apple's delivery log"
                assert (await it.phone.push())["push_type"] == "voip"
                assert it.asked == asked
            assert [it.lab.counters(name).connections for name in ("apns", "apns-sandbox")] == [1, 1]

    run(story())


def test_a_phone_in_production_asks_nothing_of_the_sandbox(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder, "production") as it:
            assert isinstance(await it.call(), Accepted)
            await it.phone.push()
            assert it.asked == (1, 0)

    run(story())


def test_a_token_that_nobody_has_is_dead_when_both_say_so_and_not_while_one_is_down(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder, "production") as it:
            it.token = "ab" * 32
            assert await it.call() == Unregistered("BadDeviceToken")
            await it.lab.switches.set("apns-sandbox", answer=503)
            assert await it.call() == Refused("BadDeviceToken", 400)

    run(story())


def test_an_app_removed_from_a_phone_in_the_sandbox_is_gone(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder, "sandbox") as it:
            await it.phone.ask("unregister", provider="apns", app=BUNDLE)
            outcome = await it.call()
            assert isinstance(outcome, Unregistered)
            assert outcome.reason == "Unregistered"
            assert outcome.at is not None

    run(story())


@pytest.mark.parametrize("environment", ["production", "sandbox"])
def test_a_certificate_serves_both_environments(environment: str, lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab:
            credentials = by_certificate(lab)
        async with stage(lab_folder, environment, credentials) as it:
            for _ in range(2):
                assert isinstance(await it.call(), Accepted)
                assert (await it.phone.push())["push_type"] == "voip"

    run(story())


def test_a_certificate_of_strangers_gets_no_connection(lab_folder: Path, tmp_path: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder, "production", {"identity": Secret(make(tmp_path).client.read_bytes())}) as it:
            assert isinstance(await it.call(), Unreachable)
            assert it.asked == (0, 0)

    run(story())


@pytest.mark.parametrize("reason", ["BadCertificate", "BadCertificateEnvironment", "Forbidden"])
def test_a_certificate_that_apple_refuses_ends_no_token(reason: str, lab_folder: Path) -> None:
    async def story() -> None:
        async with Lab.open(lab_folder, clock=Clock(wall)) as lab:
            credentials = by_certificate(lab)
        async with stage(lab_folder, "production", credentials) as it:
            await it.lab.switches.set("apns", answer=403, reason=reason)
            assert await it.call() == Refused(reason, 403)

    run(story())


def test_a_token_too_many_costs_a_connection_and_no_call(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder, "production") as it:
            assert isinstance(await it.call(), Accepted)
            await it.phone.push()
            await it.lab.switches.set("apns", answer=429, reason="TooManyProviderTokenUpdates", times=1)
            assert isinstance(await it.call(), Accepted)
            await it.phone.push()
            assert it.lab.counters("apns").connections == 2

    run(story())


def test_how_often_a_team_may_sign_is_one_switch_for_both(lab_folder: Path) -> None:
    async def story() -> None:
        async with stage(lab_folder, "sandbox") as it:
            await it.lab.switches.set("apns", token_interval=0)
            for _ in range(2):
                reach: dict[str, Any] = {"other_endpoint": it.lab.apns_sandbox_url, "ca_file": it.lab.ca_file}
                access = ApnsAccess(**by_key(it.lab), endpoint=it.lab.apns_url, **reach)
                await it.senders.close()
                it.senders = Senders(wall=wall, report=print)
                it.senders.add(it.app, access)
                assert isinstance(await it.call(), Accepted)
                await it.phone.push()
            await it.senders.close()

    run(story())


def test_an_application_without_key_and_certificate_is_refused() -> None:
    senders = Senders(wall=wall, report=print)
    with pytest.raises(CredentialsError, match="APNs needs a key, or a client certificate"):
        senders.add(AppKey(Provider.APNS, "TEAM123456.com.example"), ApnsAccess())
