"""`kill -9` while something is acknowledged: nothing of it is lost (reliability P4, P5, F7, F8)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.caller import Caller
from tests.support.lab_control import LabControl
from tests.support.processes import Program, ringwake, run_ringwake


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def lab(state: Path) -> Iterator[LabControl]:
    with ringwake("emulate", "--json", state=state) as emulators, LabControl(emulators.event("ready")) as control:
        yield control


class Servers:
    """One server after another, at the same addresses and with the same database."""

    def __init__(self, state: Path, tmp_path: Path) -> None:
        self._state = state
        self._config = tmp_path / "server.toml"
        self._listen = {"udp": "127.0.0.1:0", "tcp": "127.0.0.1:0"}
        self.wake_timeout = 20

    @contextmanager
    def start(self) -> Iterator[Program]:
        self._write()
        with ringwake("serve", "--config", str(self._config), state=self._state) as server:
            ready: dict[str, Any] = server.event("ready")
            self._listen = {one["transport"]: one["address"] for one in ready["listen"]}
            yield server

    @property
    def udp(self) -> str:
        return self._listen["udp"]

    def _write(self) -> None:
        tables = [
            f'[server]\nlab = true\nhttp = "127.0.0.1:0"\ndata = "{self._state}/ringwake.db"',
            f"[wake]\nwake_timeout = {self.wake_timeout}",
            '[[peer]]\naddress = "127.0.0.0/8"\nmay_call = true',
            *(f'[[listen]]\ntransport = "{name}"\naddress = "{at}"' for name, at in self._listen.items()),
        ]
        lab = (self._state / "lab.toml").read_text().replace("[server]\nlab = true", "\n\n".join(tables))
        self._config.write_text(lab)


@pytest.fixture
def servers(state: Path, tmp_path: Path) -> Servers:
    return Servers(state, tmp_path)


def test_a_parked_call_survives_and_rings(state: Path, lab: LabControl, servers: Servers) -> None:
    with servers.start() as first, ringwake("phone", "alice", "--sleep", "--json", state=state) as phone:
        phone.event("terminated")
        lab.switch("fcm", drop=True)
        with Caller(servers.udp, "alice") as caller:
            caller.invite()
            caller.until(100)
            lab.until_accepted("fcm", 1)
            first.kill()
            lab.switch("fcm", drop=False)
            with servers.start():
                caller.invite()  # a retransmission: 100 may have been lost for all the caller knows
                phone.event("push", kind="call")
                phone.event("invite")
                phone.press("a")
                caller.until(200)
                caller.ack()
                phone.event("call", state="up")
                assert caller.bye() == 200
                phone.event("call", state="ended", ending="bye")
                caller.quiet(0.5)
                assert caller.finals == [200]
                trace = json.loads(run_ringwake(["trace", "--json", caller.call_id], state=state).stdout)
                assert [event["what"] for event in trace["events"]].count("invite_sent") == 1
    assert len(lab.accepted("fcm")) == 2  # one before the kill, which was dropped, and its repeat


def test_a_parked_call_whose_phone_never_comes_gets_its_one_final_answer(
    state: Path, lab: LabControl, servers: Servers
) -> None:
    servers.wake_timeout = 3
    with servers.start() as first, ringwake("phone", "alice", "--sleep", "--json", state=state) as phone:
        phone.event("terminated")
        lab.switch("fcm", drop=True)
        with Caller(servers.udp, "alice") as caller:
            caller.invite()
            caller.until(100)
            first.kill()
            with servers.start():
                caller.until(480)
                caller.ack_failure()
                caller.quiet(0.5)
                assert set(caller.finals) == {480}


@pytest.mark.usefixtures("lab")
def test_a_ringing_call_goes_on(state: Path, servers: Servers) -> None:
    with servers.start() as first, ringwake("phone", "alice", "--sleep", "--json", state=state) as phone:
        phone.event("terminated")
        with Caller(servers.udp, "alice") as caller:
            caller.invite()
            phone.event("invite")
            caller.until(180)
            first.kill()
            with servers.start():
                phone.event("line_lost")
                phone.event("registered")  # it came back by itself, and the INVITE again is a retransmission to it
                phone.press("a")
                caller.until(200)
                caller.ack()
                phone.event("call", state="up")
                assert caller.bye() == 200
        assert sum(json.loads(line)["event"] == "invite" for line in phone.lines) == 1


def test_a_binding_and_a_message_survive(state: Path, lab: LabControl, servers: Servers) -> None:
    with servers.start() as first, ringwake("phone", "alice", "--sleep", "--json", state=state) as phone:
        phone.event("terminated")
        lab.switch("fcm", drop=True)
        with Caller(servers.udp, "alice") as caller:
            assert caller.message("kept") == 202
        first.kill()
        lab.switch("fcm", drop=False)
        with servers.start():
            phone.event("push", kind="message")
            assert phone.event("message")["text"] == "kept"
            devices = json.loads(run_ringwake(["device", "list", "--json"], state=state).stdout)
            assert [one["account"] for one in devices] == ["alice@ringwake.test"]
