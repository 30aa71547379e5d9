"""Credentials whose files change while the server runs."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, SECP384R1, EllipticCurve, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from tests.support.virtual_loop import pause, run_virtual

from ringwake.app.credential_watch import SECONDS, Credentials, CredentialWatch, Source, add_credentials
from ringwake.config.app_section import AppSection
from ringwake.model.app import AppKey, Provider
from ringwake.model.events import Event, Happened
from ringwake.observe.metrics import Metrics
from ringwake.push.access import ApnsAccess
from ringwake.push.senders import Senders
from ringwake.push.workshop import Sender

APNS = AppKey(Provider.APNS, "AB12CD34EF.com.example.phone")
WEBPUSH = AppKey(Provider.WEBPUSH, "example.com")
SECTIONS: dict[AppKey, dict[str, Any]] = {
    APNS: {"param": APNS.param, "key_id": "KEYKEYKEY1", "key_file": "key"},
    WEBPUSH: {"vapid_key_file": "key"},
}


def pem(curve: EllipticCurve | None = None) -> bytes:
    """Make a key."""
    key = generate_private_key(curve or SECP256R1())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())


class Watched:
    """One application whose key is watched."""

    def __init__(self, folder: Path, app: AppKey) -> None:
        self.app, self.file = app, folder / "key"
        self.write(pem())
        section = AppSection(provider=app.provider.value, tenant="example.com", **SECTIONS[app])
        source = Source(app=app, section=section, base=folder, place="app[0]", lab=False)
        self.credentials = Credentials.read(source)
        self.events: list[Event] = []
        self.faults: list[str] = []
        self.senders = Senders(wall=lambda: 0.0, report=self.faults.append)
        self.senders.add(app, self.credentials.access)
        self.watch = CredentialWatch(
            [self.credentials], self.senders, note=self.events.append, report=self.faults.append
        )

    def write(self, content: bytes) -> None:
        self.file.write_bytes(content)
        self.file.chmod(0o600)

    @property
    def sender(self) -> Sender:
        sender = self.senders.sender(self.app)
        assert sender is not None
        return sender

    def told(self) -> list[Happened]:
        return [event.what for event in self.events]

    def is_broken(self) -> bool:
        """Tell what the metrics say."""
        metrics = Metrics()
        add_credentials(metrics, self.watch.all)
        line = next(line for line in metrics.text().decode().splitlines() if line.startswith("ringwake_credentials_b"))
        assert f'provider="{self.app.provider.value}"' in line
        return line.endswith(" 1.0")


@asynccontextmanager
async def watched(folder: Path, app: AppKey = APNS) -> AsyncIterator[Watched]:
    made = Watched(folder, app)
    try:
        yield made
    finally:
        await made.watch.close()
        await made.senders.close()
        assert made.faults == []


def test_a_new_key_is_pushed_by_within_seconds(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            old, key = one.sender, pem()
            one.write(key)
            await pause(SECONDS + 1)
            assert one.sender is not old
            access = one.credentials.access
            assert isinstance(access, ApnsAccess)
            assert access.key is not None
            assert access.key.reveal() == key
            assert one.told() == [Happened.CREDENTIALS_RENEWED]

    run_virtual(story())


def test_a_signal_is_quicker(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            one.write(pem())
            one.watch.look()
            await pause(0.1)
            assert one.told() == [Happened.CREDENTIALS_RENEWED]

    run_virtual(story())


def test_nothing_is_read_while_nothing_changes(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            old = one.sender
            await pause(10 * SECONDS)
            assert (one.sender, one.told()) == (old, [])

    run_virtual(story())


@pytest.mark.parametrize("content", [b"", b"-----BEGIN PRIVATE KEY-----\nMIGH", pem(SECP384R1())])
def test_a_broken_file_keeps_the_old_key_and_alarms_once(content: bytes, tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            old = one.sender
            one.write(content)
            await pause(5 * SECONDS)
            assert one.sender is old
            (event,) = one.events
            assert event.what is Happened.CREDENTIALS_BROKEN
            assert str(event.fields["reason"]).startswith("app[0]")
            assert one.credentials.problem == event.fields["reason"]
            assert one.is_broken()

    run_virtual(story())


def test_what_is_mended_is_used_without_a_word_from_anybody(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            one.write(b"half")
            await pause(SECONDS + 1)
            one.write(pem())
            await pause(SECONDS + 1)
            assert one.told() == [Happened.CREDENTIALS_BROKEN, Happened.CREDENTIALS_RENEWED]
            assert one.credentials.problem == ""
            assert not one.is_broken()

    run_virtual(story())


def test_each_new_fault_alarms(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            one.write(b"half")
            await pause(SECONDS + 1)
            one.file.unlink()
            await pause(SECONDS + 1)
            reasons = [str(event.fields["reason"]) for event in one.events]
            assert len(reasons) == 2
            assert "No such file" in reasons[1]

    run_virtual(story())


def test_a_key_that_others_may_read_by_now_is_not_used(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            one.file.chmod(0o644)
            await pause(SECONDS + 1)
            assert "others may read" in one.credentials.problem
            one.file.chmod(0o600)
            await pause(SECONDS + 1)
            assert one.credentials.problem == ""

    run_virtual(story())


def test_a_file_that_another_was_moved_over_is_seen(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            new = tmp_path / "new"
            new.write_bytes(one.file.read_bytes())
            new.chmod(0o600)
            stat = one.file.stat()
            os.utime(new, ns=(stat.st_atime_ns, stat.st_mtime_ns))
            new.rename(one.file)
            await pause(SECONDS + 1)
            assert one.told() == [Happened.CREDENTIALS_RENEWED]

    run_virtual(story())


def test_another_vapid_key_waits_for_a_restart(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path, WEBPUSH) as one:
            old, first = one.sender, one.file.read_bytes()
            one.write(pem())
            await pause(3 * SECONDS)
            assert one.sender is old
            assert one.told() == [Happened.CREDENTIALS_BROKEN]
            assert "subscribed with the old one" in one.credentials.waits
            assert not one.is_broken()
            one.write(first)
            await pause(SECONDS + 1)
            assert (one.credentials.waits, one.told()[1:]) == ("", [Happened.CREDENTIALS_RENEWED])

    run_virtual(story())


def test_who_was_closed_looks_no_more(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            await one.watch.close()
            one.write(b"half")
            one.watch.look()  # a signal may come late
            await pause(3 * SECONDS)
            assert one.told() == []

    run_virtual(story())


def test_a_fault_of_ours_is_reported_and_the_next_look_goes_on(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            first = one.senders._workshop

            class Faulty:
                def sender(self, *_: object) -> Sender:
                    raise RuntimeError("canary")

            one.senders._workshop = Faulty()  # type: ignore[assignment]
            one.write(pem())
            await pause(SECONDS + 1)
            (fault,) = one.faults
            assert fault.startswith("credentials of apns: RuntimeError at ")
            assert "canary" not in fault
            one.faults.clear()
            one.senders._workshop = first
            one.write(pem())
            await pause(SECONDS + 1)
            assert one.told() == [Happened.CREDENTIALS_RENEWED]

    run_virtual(story())


def test_no_key_is_in_what_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with watched(tmp_path) as one:
            one.write(b"canary-4711")
            await pause(SECONDS + 1)
            assert "canary" not in repr(one.events)
            assert "canary" not in one.credentials.problem

    run_virtual(story())
