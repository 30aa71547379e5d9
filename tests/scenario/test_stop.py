"""A server that ends at a bad moment, by SIGTERM or SIGKILL: what it has acknowledged is there for the next one."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.scenario.test_kill import Servers
from tests.support.caller import DOMAIN, Caller
from tests.support.lab_control import LabControl
from tests.support.processes import ringwake

MESSAGES = 200


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def lab(state: Path) -> Iterator[LabControl]:
    with ringwake("emulate", "--json", state=state) as emulators, LabControl(emulators.event("ready")) as control:
        yield control


class Writer(Caller):
    """Writes many messages without waiting, and hears which of them are accepted."""

    def write(self, number: int) -> None:
        self._send("MESSAGE", branch=f"z9hG4bKm{number}", uri=f"sip:alice@{DOMAIN}", body=f"text {number}")

    def hear(self, *, least: int, seconds: float) -> set[int]:
        """Return the numbers of those that are answered 202, at least so many or as many as come in some seconds."""
        numbers: set[int] = set()
        deadline = time.monotonic() + seconds
        try:
            while len(numbers) < least:
                text = self._receive("MESSAGE", deadline)
                if self._status(text) == 202:
                    found = re.search(r"branch=z9hG4bKm(\d+)", text)
                    assert found is not None
                    numbers.add(int(found[1]))
        except TimeoutError:
            pass
        return numbers


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_each_message_that_was_accepted_while_the_server_ended_is_delivered(
    ending: signal.Signals, state: Path, tmp_path: Path, lab: LabControl
) -> None:
    servers = Servers(state, tmp_path)
    with servers.start() as first, ringwake("phone", "alice", "--sleep", "--json", state=state) as phone:
        phone.event("terminated")
        lab.switch("fcm", drop=True)
        with Writer(servers.udp, "alice") as writer:
            for number in range(MESSAGES):
                writer.write(number)
            accepted = writer.hear(least=1, seconds=20.0)
            first.process.send_signal(ending)
            first.process.wait()
            accepted |= writer.hear(least=MESSAGES, seconds=0.5)
            assert 0 < len(accepted) < MESSAGES, "it ended while they came"
            if ending is signal.SIGTERM:
                assert first.process.returncode == 0
            lab.switch("fcm", drop=False)
            missing = {f"text {number}" for number in accepted}
            with servers.start():
                while missing:
                    missing.discard(phone.event("message")["text"])


@pytest.mark.usefixtures("lab")
def test_a_call_that_was_answered_but_not_acknowledged_goes_on(state: Path, tmp_path: Path) -> None:
    """The ACK finds the phone by the token in its Route, and so does the BYE."""
    servers = Servers(state, tmp_path)
    with servers.start() as first, ringwake("phone", "alice", "--sleep", "--json", state=state) as phone:
        phone.event("terminated")
        with Caller(servers.udp, "alice") as caller:
            caller.invite()
            phone.event("invite")
            phone.press("a")
            caller.until(200)
            first.kill()
            with servers.start():
                phone.event("line_lost")
                phone.event("registered")
                caller.ack()
                phone.event("call", state="up")
                assert caller.bye() == 200
                phone.event("call", state="ended", ending="bye")
                caller.quiet(0.5)
                assert set(caller.finals) == {200}
