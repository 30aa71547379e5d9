"""The reader of captures does see faults: it is shown a good call, spoilt."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias

import pytest
from tests.interop.bench import Bench, Call
from tests.interop.exchange import Exchange
from tests.support.capture import Packet, write_pcap
from tests.support.sip_doctor import faults

Spoiler: TypeAlias = Callable[[list[Packet]], list[Packet]]

pytestmark = pytest.mark.skipif(shutil.which("sipp") is None, reason="sipp is missing: apt-get install sip-tester")


@pytest.fixture(scope="module")
def call(ours: Exchange, tmp_path_factory: pytest.TempPathFactory) -> Call:
    return Bench(ours, tmp_path_factory.mktemp("call"), "udp", "udp").call("basic-caller", "basic-callee")


def _hops_not_counted(packets: list[Packet]) -> list[Packet]:
    return [replace(one, payload=one.payload.replace(b"Max-Forwards: 69", b"Max-Forwards: 70")) for one in packets]


def _bye_refused(packets: list[Packet]) -> list[Packet]:
    return [
        replace(one, payload=one.payload.replace(b"SIP/2.0 200 OK", b"SIP/2.0 481 Gone"))
        if b"CSeq: 2 BYE" in one.payload
        else one
        for one in packets
    ]


def _never_acknowledged(packets: list[Packet]) -> list[Packet]:
    kept = [one for one in packets if not one.payload.startswith((b"ACK", b"BYE"))]
    answers = [one for one in kept if one.payload.startswith(b"SIP/2.0 200") and b"CSeq: 1 INVITE" in one.payload]
    return kept + [replace(one, at=one.at + after) for one in answers for after in (0.5, 1.5, 3.5)]


@pytest.mark.parametrize(
    ("spoil", "fault"),
    [
        (_hops_not_counted, "does not decrement Max-Forwards"),
        (_bye_refused, "BYE rejected: 481 Gone"),
        (_never_acknowledged, "Missing ACK"),
    ],
)
def test_a_fault_is_found(call: Call, tmp_path: Path, spoil: Spoiler, fault: str) -> None:
    capture = tmp_path / "spoilt.pcap"
    write_pcap(capture, spoil(call.packets))
    assert any(fault in found for found in faults(capture))
