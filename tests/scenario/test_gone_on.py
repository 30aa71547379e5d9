"""`kill -9` while a call that no phone came for goes on: its caller, a real UDP socket, hears one final response."""

from __future__ import annotations

import re
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.support.caller import Caller
from tests.support.lab_control import LabControl
from tests.support.loopback import leased_address
from tests.support.processes import Program, ringwake

PBX_TENANT = """
[server]
lab = true
http = "127.0.0.1:0"
data = "{state}/ringwake.db"

[[listen]]
transport = "udp"
address = "{udp}"

[[tenant]]
domain = "ringwake.test"
upstream = "path"
pbx = "sip:{pbx}"
no_wake = "sip:500@pbx.example"

[[tenant.account]]
user = "alice"
password = "alice-password"

[[peer]]
address = "127.0.0.0/8"
may_call = true
"""
LAB = """
[server]
lab = true
http = "127.0.0.1:0"
data = "{state}/ringwake.db"

[wake]
wake_timeout = 15

[[peer]]
address = "127.0.0.0/8"
may_call = true

[[listen]]
transport = "udp"
address = "{udp}"

[[listen]]
transport = "tcp"
address = "{tcp}"
"""


class Pbx:
    """A bare UDP socket that plays a PBX."""

    def __init__(self, host: str) -> None:
        self._sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._sock.bind((host, 0))
        self._sock.settimeout(20)
        self.address = f"{host}:{self._sock.getsockname()[1]}"
        self._last = ("", ("", 0))

    def until(self, start: str) -> str:
        """Wait for a request."""
        while True:
            octets, source = self._sock.recvfrom(65535)
            self._last = (octets.decode(), source)
            if self._last[0].startswith(start):
                return self._last[0]

    def answer(self, status: str) -> None:
        """Answer the last request, as the box that the call was sent to."""
        request, source = self._last
        kept = re.findall(r"^(?:Via|Record-Route|From|To|Call-ID|CSeq): .*\r$", request, re.MULTILINE)
        lines = [line.rstrip("\r") for line in kept]
        lines = [f"{line};tag=box" if line.startswith("To: ") and ";tag=" not in line else line for line in lines]
        lines += [f"Contact: <sip:500@{self.address}>", "Content-Length: 0", "", ""]
        self._sock.sendto("\r\n".join([f"SIP/2.0 {status}", *lines]).encode(), source)

    def close(self) -> None:
        self._sock.close()


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


@pytest.fixture
def pbx() -> Iterator[Pbx]:
    with leased_address() as host:
        box = Pbx(host)
        yield box
        box.close()


class Servers:
    """One server after another, at the same addresses and with the same database."""

    def __init__(self, state: Path, config: Path, text: str) -> None:
        self._state = state
        self._config = config
        self._text = text
        self._at = {"udp": "127.0.0.1:0", "tcp": "127.0.0.1:0"}

    @contextmanager
    def start(self) -> Iterator[Program]:
        text = self._text.replace("{udp}", self._at["udp"]).replace("{tcp}", self._at["tcp"])
        self._config.write_text(text)
        with ringwake("serve", "--config", str(self._config), state=self._state) as server:
            ready: dict[str, Any] = server.event("ready")
            self._at.update({one["transport"]: one["address"] for one in ready["listen"]})
            yield server

    @property
    def udp(self) -> str:
        return self._at["udp"]


def test_a_call_at_the_pbx_survives_a_kill(state: Path, tmp_path: Path, pbx: Pbx) -> None:
    state.mkdir(mode=0o700)
    text = PBX_TENANT.replace("{state}", str(state)).replace("{pbx}", pbx.address)
    servers = Servers(state, tmp_path / "server.toml", text)
    with servers.start() as first, Caller(servers.udp, "alice") as caller:
        caller.invite()
        invite = pbx.until("INVITE sip:500@pbx.example ")
        assert "Diversion: <sip:alice@ringwake.test>;reason=no-answer" in invite
        caller.until(100)
        first.kill()
        with servers.start():
            assert _branch(pbx.until("INVITE ")) == _branch(invite), "a retransmission"
            pbx.answer("200 OK")
            caller.until(200)
            caller.ack()
            pbx.until("ACK ")
            caller.quiet(0.3)
            assert caller.finals == [200]


def test_a_call_that_waits_for_the_next_account_survives_a_kill(state: Path, tmp_path: Path) -> None:
    """Nobody is at alice's; the boss hears 180 of ours in both lives, and then the phone that the call went on to."""
    with ringwake("emulate", "--json", state=state) as emulators, LabControl(emulators.event("ready")) as control:
        lab = (state / "lab.toml").read_text()
        lab = lab.replace("[server]\nlab = true", LAB.replace("{state}", str(state)))
        wishes = 'while_waking = "ringing"\nno_wake = "sip:boss@ringwake.test"'
        servers = Servers(state, tmp_path / "server.toml", lab.replace("[[tenant]]", f"[[tenant]]\n{wishes}"))
        with servers.start() as first, ringwake("phone", "boss", "--sleep", "--json", state=state) as phone:
            phone.event("terminated")
            control.switch("fcm", drop=True)
            with Caller(servers.udp, "alice") as caller:
                caller.invite()
                caller.until(180)
                first.kill()
                control.switch("fcm", drop=False)
                with servers.start():
                    phone.event("push", kind="call")
                    phone.event("invite")
                    phone.press("a")
                    caller.until(200)
                    caller.ack()
                    phone.event("call", state="up")
                    assert caller.bye() == 200
                    caller.quiet(0.3)
                    assert caller.finals == [200]
                    assert caller.statuses.count(180) >= 3


def _branch(request: str) -> str:
    found = re.search(r"branch=([^;\s]+)", request)
    assert found is not None
    return found[1]
