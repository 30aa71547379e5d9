"""The main job on the wire: SIPp calls a terminated phone, and somebody who reads the packets finds no fault."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from tests.interop.bench import SCENARIOS
from tests.support.capture import write_pcap
from tests.support.loopback import leased_address
from tests.support.processes import ringwake
from tests.support.sip_doctor import faults, opinion_on_the_proxy
from tests.support.sipp import Role, Sipp
from tests.support.tap import Tap

pytestmark = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is missing: apt-get install sip-tester")


@pytest.fixture
def state(tmp_path: Path) -> Path:
    return tmp_path / "state"


def _configure(state: Path, address: str) -> Path:
    tables = [
        f'[server]\nlab = true\nhttp = "127.0.0.1:0"\ndata = "{state}/ringwake.db"',
        '[[peer]]\naddress = "127.0.0.0/8"\nmay_call = true',
        *(f'[[listen]]\ntransport = "{name}"\naddress = "{address}:5060"' for name in ("udp", "tcp")),
    ]
    config = state / "server.toml"
    config.write_text((state / "lab.toml").read_text().replace("[server]\nlab = true", "\n\n".join(tables)))
    return config


def _lead_through(tap: Tap, state: Path) -> None:
    """Let phones find the tap where they look for the server."""
    told = json.loads((state / "server.json").read_text())
    told["listen"] = [{"transport": "tcp", "address": tap.endpoint}]
    (state / "server.json").write_text(json.dumps(told))


def test_nobody_finds_fault_with_a_woken_call(state: Path, tmp_path: Path) -> None:
    with (
        leased_address() as address,
        leased_address() as between,
        leased_address() as callers,
        ringwake("emulate", "--json", state=state) as emulators,
    ):
        emulators.event("ready")
        config = _configure(state, address)
        with ringwake("serve", "--config", str(config), state=state) as server, Tap(between, (address, 5060)) as tap:
            server.event("ready")
            _lead_through(tap, state)
            with ringwake("phone", "alice", "--sleep", "--json", state=state) as phone:
                phone.event("terminated")
                role = Role(
                    scenario=SCENARIOS / "basic-caller.xml",
                    address=callers,
                    server=f"{address}:5060",
                    transport="udp",
                    account="alice",
                    call_id="woken",
                )
                with Sipp(role, tmp_path) as caller:
                    phone.event("invite")
                    phone.press("a")
                    phone.event("call", state="ended", ending="bye")
                    caller.finish()
                    phone.event("terminated")
                    packets = [*caller.packets(), *tap.packets]
    capture = tmp_path / "woken.pcap"
    write_pcap(capture, packets)
    assert faults(capture) == []
    assert "Record-Route yes · Max-Forwards 70→69" in opinion_on_the_proxy(capture)
