"""Calls between SIPp and SIPp through a real server: what can go wrong on the way, over UDP and over TCP.

SIPp's exit code says whether both ends saw what their scenario asks for, `ringwake trace` whether the server tells the
same story, and sip-doctor whether somebody who reads the wire finds fault with it.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from tests.interop.bench import Bench
from tests.interop.exchange import Exchange

STRICT = ("-nr",)
"""Nothing is taken for a retransmission: each message must be one that the scenario waits for."""
each_transport = pytest.mark.parametrize("transports", [("udp", "udp"), ("tcp", "tcp")], ids="-".join)
each_pair = pytest.mark.parametrize(
    "transports", [("udp", "udp"), ("tcp", "tcp"), ("udp", "tcp"), ("tcp", "udp")], ids="-".join
)

pytestmark = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is missing: apt-get install sip-tester")


@pytest.fixture
def bench(ours: Exchange, tmp_path: Path, transports: tuple[str, str]) -> Bench:
    return Bench(ours, tmp_path, *transports)


@each_pair
def test_a_call_is_answered_and_hung_up(bench: Bench) -> None:
    call = bench.call("basic-caller", "basic-callee")
    assert call.end == ("answered", 200)
    assert call.count("invite_sent") == call.count("ringing") == call.count("phone_answered") == 1
    assert call.faults == []
    assert "Record-Route yes" in call.on_the_proxy
    assert "Max-Forwards 70→69" in call.on_the_proxy
    assert "stateful" in call.on_the_proxy


@each_transport
def test_an_early_cancel_waits_until_the_phone_has_spoken(bench: Bench) -> None:
    call = bench.call("cancel-caller", "cancel-callee")
    assert call.end == ("cancelled", 487)
    assert call.count("invite_sent") == 1
    assert call.count("ringing") == 0
    assert call.faults == []


@each_transport
def test_an_invite_whose_100_is_lost_is_absorbed_when_it_comes_again(bench: Bench) -> None:
    call = bench.call("lost-100-caller", "lost-100-callee", options=STRICT)
    assert call.end == ("answered", 200)
    assert call.count("invite_received") == call.count("invite_sent") == 1
    # Over TCP a second copy is no retransmission to sip-doctor.
    theirs = [f"INVITE to {bench.ours.address} was retransmitted 3 times"] if bench.caller == "udp" else []
    assert call.faults == theirs


@each_transport
def test_a_200_whose_ack_is_lost_comes_again_from_the_phone(bench: Bench) -> None:
    call = bench.call("lost-ack-caller", "lost-ack-callee", options=STRICT)
    assert call.end == ("answered", 200)
    assert call.count("phone_answered") == 2  # the trace shows that it came again
    assert call.faults == []


@each_transport
def test_a_486_whose_ack_is_lost_comes_again_from_the_server(bench: Bench) -> None:
    call = bench.call(f"lost-ack-failure-{bench.caller}-caller", "lost-ack-failure-callee", options=STRICT)
    assert call.end == ("declined", 486)
    assert call.faults == ["Call failed: 486 Busy Here"]


@each_pair
def test_a_reinvite_passes_in_both_directions(bench: Bench) -> None:
    call = bench.call("reinvite-caller", "reinvite-callee")
    assert call.end == ("answered", 200)
    assert call.count("invite_received") == call.count("invite_sent") == 1
    assert call.faults == []


@each_transport
def test_both_200s_of_a_fork_reach_the_caller(bench: Bench) -> None:
    call = bench.call("forked-caller", "forked-first-callee", "forked-second-callee")
    assert call.end == ("answered", 200)
    assert call.count("invite_sent") == call.count("phone_answered") == 2
    assert call.faults == []


@each_transport
def test_prack_and_update_pass_before_the_call_is_answered(bench: Bench) -> None:
    call = bench.call("early-dialog-caller", "early-dialog-callee")
    assert call.end == ("answered", 200)
    assert call.count("ringing") == 2
    assert call.faults == []
