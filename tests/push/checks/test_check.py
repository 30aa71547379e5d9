"""Applications before emulated services: what is wrong is found, and no phone, circuit or token hears of it."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest
from tests.push.certificates import Certificates
from tests.push.fcm.google import account, google
from tests.push.house import SUBJECT
from tests.push.loop import run
from tests.push.samples import FCM_APP, NOW, fcm_push

from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab
from ringwake.model.app import AppKey, Provider
from ringwake.model.check import Check, Verdict
from ringwake.model.push import Accepted, Outcome, Push
from ringwake.push.access import Access, ApnsAccess, FcmAccess, HmsAccess, WebPushAccess
from ringwake.push.checks.check import Examined, examine, try_out
from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.senders import Senders
from ringwake.secret import Secret

wall = time.time  # noqa: TID251 - both sides need the same clock, and google-auth takes the real one
BUNDLE = "com.example.phone"


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder that keeps the lab's keys from test to test: making them is slow."""
    return tmp_path_factory.mktemp("lab")


@dataclass(frozen=True, slots=True)
class Clinic:
    """A lab, and applications that are checked there."""

    lab: Lab
    senders: Senders
    accesses: dict[AppKey, Access]

    def examined(self, app: AppKey) -> Examined:
        sender = self.senders.sender(app)
        assert sender is not None
        return Examined(app=app, access=self.accesses[app], sender=sender)

    async def checks(self, provider: Provider) -> list[Check]:
        (app,) = [app for app in self.accesses if app.provider is provider]
        return await examine([self.examined(app)], wall=wall)

    async def verdicts(self, provider: Provider) -> dict[str, Verdict]:
        return {check.name.split(" ")[0]: check.verdict for check in await self.checks(provider)}


@asynccontextmanager
async def clinic(folder: Path, *, ahead: float = 0.0, **changes: Any) -> AsyncIterator[Clinic]:
    """Open one; `ahead` is what the services' clocks are, `changes` go to what APNs is reached by."""
    async with Lab.open(folder, clock=Clock(lambda: wall() + ahead)) as lab:
        await lab.switches.set("apns", token_interval=0)
        files, ids = lab.credentials, lab.credentials.ids
        ca: dict[str, Any] = {"ca_file": lab.ca_file}
        key = Secret(files.apns_key_file.read_bytes())
        account = json.loads(files.service_account_file.read_text())
        access = ApnsAccess(key_id=ids.key_id, key=key, endpoint=lab.apns_url, **ca)
        accesses: dict[AppKey, Access] = {
            AppKey(Provider.APNS, f"{ids.team}.{BUNDLE}"): replace(access, **changes),
            AppKey(Provider.FCM, ids.project): FcmAccess(service_account=account, endpoint=lab.fcm_url, **ca),
            AppKey(Provider.WEBPUSH, "example.com"): WebPushAccess(
                vapid_key=Secret(files.vapid_key_file.read_bytes()), subject=SUBJECT, **ca
            ),
            AppKey(Provider.HMS, "100000001"): HmsAccess(
                secret=Secret(files.hms_secret_file.read_text().strip()),
                endpoint=lab.hms_url,
                token_endpoint=lab.hms_token_url,
                **ca,
            ),
        }
        senders = Senders(wall=wall, report=print)
        for app, one in accesses.items():
            senders.add(app, one)
        try:
            yield Clinic(lab, senders, accesses)
        finally:
            await senders.close()


def test_all_is_well(lab_folder: Path) -> None:
    async def story() -> None:
        async with clinic(lab_folder) as at:
            checks = await examine([at.examined(app) for app in at.accesses], wall=wall)
            assert {check.verdict for check in checks} == {Verdict.OK}, checks
            names = [check.name.partition(" ")[0] for check in checks]
            once = ["credentials", "network", "push"]
            assert names == [*once, *once, "credentials", *once, "clock"]

    run(story())


def test_no_phone_is_pushed_to(lab_folder: Path) -> None:
    async def story() -> None:
        async with clinic(lab_folder) as at:
            await examine([at.examined(app) for app in at.accesses], wall=wall)
            found = {(entry.service, entry.event) for entry in at.lab.journal.entries if "oauth" not in entry.service}
            assert found == {("apns", "refused"), ("fcm", "refused"), ("hms", "refused")}

    run(story())


def test_google_is_asked_to_look_only(certs: Certificates) -> None:
    async def story() -> None:
        async with google(certs) as service:
            url = service.server.url
            access = FcmAccess(service_account=account(url), endpoint=url, ca_file=certs.ca)
            senders = Senders(wall=wall, report=print)
            senders.add(FCM_APP, access)
            sender = senders.sender(FCM_APP)
            assert sender is not None
            check = await try_out(Examined(app=FCM_APP, access=access, sender=sender), wall=wall)
            await senders.close()
            assert check.verdict is Verdict.OK
            (received,) = service.messages
            assert json.loads(received.body)["validate_only"] is True

    run(story())


def test_a_key_id_of_another_key_is_found(lab_folder: Path) -> None:
    async def story() -> None:
        async with clinic(lab_folder, key_id="OTHERKEY01") as at:
            checks = {check.name.split(" ")[0]: check for check in await at.checks(Provider.APNS)}
            assert checks["network"].verdict is Verdict.OK
            assert checks["push"].verdict is Verdict.FAIL
            assert "InvalidProviderToken (403)" in checks["push"].cause
            assert "`key_id`" in checks["push"].mend

    run(story())


def test_a_service_account_that_google_refuses_is_found(lab_folder: Path) -> None:
    async def story() -> None:
        async with clinic(lab_folder) as at:
            await at.lab.switches.set("oauth", answer=400)
            assert (await at.verdicts(Provider.FCM))["push"] is Verdict.FAIL

    run(story())


@pytest.mark.parametrize(("ahead", "verdict"), [(100.0, Verdict.WARN), (-400.0, Verdict.FAIL)])
def test_a_clock_that_is_wrong_is_found_by_the_services_date(ahead: float, verdict: Verdict, lab_folder: Path) -> None:
    async def story() -> None:
        async with clinic(lab_folder, ahead=ahead) as at:
            assert (await at.verdicts(Provider.HMS))["clock"] is verdict

    run(story())


def test_a_service_that_is_gone_is_found(lab_folder: Path) -> None:
    async def story() -> None:
        async with clinic(lab_folder) as at:
            await at.lab.switches.set("apns", off=True)
            verdicts = await at.verdicts(Provider.APNS)
            assert (verdicts["network"], verdicts["push"]) == (Verdict.FAIL, Verdict.FAIL)
            assert "clock" not in verdicts

    run(story())


def test_apples_other_environment_is_only_warned_of(lab_folder: Path) -> None:
    async def story() -> None:
        async with clinic(lab_folder, other_endpoint="https://127.0.0.1:1") as at:
            checks = await at.checks(Provider.APNS)
            verdicts = [check.verdict for check in checks if check.name.startswith("network")]
            assert verdicts == [Verdict.OK, Verdict.WARN]
            assert Verdict.FAIL not in {check.verdict for check in checks}

    run(story())


def test_a_browsers_services_are_asked_by_nobody(lab_folder: Path) -> None:
    async def story() -> None:
        async with clinic(lab_folder) as at:
            (app,) = [app for app in at.accesses if app.provider is Provider.WEBPUSH]
            check = await try_out(at.examined(app), wall=wall)
            assert (check.name, check.verdict) == ("credentials webpush example.com", Verdict.OK)

    run(story())


class Broken:
    """A sender that fails in one way."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    async def send(self, push: Push) -> Outcome:
        del push
        raise self._error

    async def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (UnansweredError("connection lost"), "connection lost"),
        (UnsendableError("address not public", 403), "address not public (403)"),
        (TimeoutError(), "no answer in time"),
        (ValueError("a secret"), "fault: ValueError"),
    ],
)
def test_a_push_that_fails_here_is_a_check_that_has_failed(error: Exception, words: str) -> None:
    async def story() -> None:
        access = ApnsAccess(key_id="KEY1234567", key=Secret(b""))
        app = AppKey(Provider.APNS, "TEAM123456.com.example.phone")
        check = await try_out(Examined(app=app, access=access, sender=Broken(error)), wall=lambda: NOW)
        assert check.verdict is Verdict.FAIL
        assert words in check.cause

    run(story())


def test_what_a_check_has_learnt_is_of_use_to_the_next_push(lab_folder: Path) -> None:
    """It goes by the sender's own access token: a check costs Google no grant of its own."""

    async def story() -> None:
        async with clinic(lab_folder) as at:
            await at.checks(Provider.FCM)
            await at.lab.switches.set("oauth", answer=500)
            (app,) = [app for app in at.accesses if app.provider is Provider.FCM]
            outcome = await at.senders.send(fcm_push())
            assert app.param == "demo-project"
            assert not isinstance(outcome, Accepted)  # that token is no phone's
            assert "OAuth" not in getattr(outcome, "reason", "")

    run(story())
