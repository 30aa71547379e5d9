"""README's three terminals, without a configuration file, and a call from a program that nobody here wrote."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from tests.support.loopback import leased_address
from tests.support.processes import ringwake, run_ringwake

CALL = Path(__file__).parents[2] / "examples/sipp/call.xml"
needs_sipp = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is missing: apt-get install sip-tester")


@needs_sipp
@pytest.mark.parametrize("provider", ["apns", "fcm", "webpush"])
@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_terminated_phone_is_called_by_sipp_and_answers(tmp_path: Path, provider: str, transport: str) -> None:
    state = tmp_path / "state"
    with ringwake("emulate", "--json", state=state) as emulators:
        emulators.event("ready")
        with ringwake("serve", state=state) as server:
            listen = {one["transport"]: one["address"] for one in server.event("ready")["listen"]}
            arguments = ("phone", "alice", "--sleep", "--json", "--provider", provider)
            with ringwake(*arguments, state=state) as phone, leased_address() as address:
                phone.event("registered", push=True)
                phone.event("terminated")
                options = ["-sf", str(CALL), "-s", "alice", "-i", address, "-m", "1", "-timeout", "25", "-nostdin"]
                options += ["-trace_msg", "-message_file", str(state / "caller.messages")]
                mode = {"udp": "u1", "tcp": "t1"}[transport]
                caller = subprocess.Popen(
                    ["sipp", *options, "-t", mode, listen[transport]], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
                )
                phone.event("push", kind="call")
                phone.event("invite")
                phone.press("a")
                phone.event("call", state="up")
                phone.event("call", state="ended", ending="bye")
                output, _ = caller.communicate(timeout=30)
                assert caller.returncode == 0, output.decode()
                phone.event("terminated")
            trace = run_ringwake(["trace", "--json"], state=state)
            events = [event["what"] for event in json.loads(trace.stdout)["events"]]
            assert events.count("invite_sent") == 1
            assert events.count("push_sent") == 1
            devices = json.loads(run_ringwake(["device", "list", "--json"], state=state).stdout)
            assert [(one["account"], one["state"]) for one in devices] == [("alice@ringwake.test", "asleep")]
            assert server.stop() == 0
        assert emulators.stop() == 0
