"""STUN Binding on the SIP port: vectors of RFC 5769, and silence for all that is no Binding request."""

from __future__ import annotations

import asyncio
import socket
import struct
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.real_loop import run_real
from tests.support.recorder import Recorder

from ringwake.net.stun import COOKIE, answer, is_stun
from ringwake.net.udp import Udp
from ringwake.sip.flow import Address

TRANSACTION = bytes.fromhex("b7e7a701bc34d686fa87dfae")
SOURCE = Address("192.0.2.1", 32853)


def binding(*attributes: bytes, kind: int = 1, cookie: int = COOKIE, length: int | None = None) -> bytes:
    body = b"".join(attributes)
    size = len(body) if length is None else length
    return struct.pack("!HHI", kind, size, cookie) + TRANSACTION + body


def attribute(number: int, value: bytes) -> bytes:
    return struct.pack("!HH", number, len(value)) + value + bytes(-len(value) % 4)


def with_fingerprint(octets: bytes, *, wrong: int = 0) -> bytes:
    counted = octets[:2] + struct.pack("!H", len(octets) - 20 + 8) + octets[4:]
    return counted + attribute(0x8028, struct.pack("!I", zlib.crc32(counted) ^ 0x5354554E ^ wrong))


@pytest.mark.parametrize(
    ("source", "value"),
    [
        (SOURCE, "0001a147e112a643"),
        (Address("2001:db8:1234:5678:11:2233:4455:6677", 32853), "0002a1470113a9faa5d3f179bc25f4b5bed2b9d9"),
        (Address("fe80::1%eth0", 1), "0002" + "2113" + "df92a442b7e7a701bc34d686fa87dfaf"),
    ],
)
def test_a_phone_learns_where_it_is_seen(source: Address, value: str) -> None:
    mapped = bytes.fromhex(value)
    assert answer(binding(), source) == binding(attribute(0x0020, mapped), kind=0x0101)


def test_optional_attributes_and_credentials_change_nothing() -> None:
    more = [attribute(0x8022, b"phone"), attribute(0x0006, b"alice"), attribute(0x0008, bytes(20))]
    assert answer(binding(*more), SOURCE) == answer(binding(), SOURCE)


def test_what_must_be_understood_and_is_not_gets_420() -> None:
    said = answer(binding(attribute(0x0024, bytes(4)), attribute(0x0003, bytes(4))), SOURCE)
    reason = attribute(0x0009, b"\0\0\4\x14Unknown Attribute")
    assert said == binding(reason, attribute(0x000A, b"\0\x24\0\x03"), kind=0x0111)


def test_a_fingerprint_must_be_right() -> None:
    assert answer(with_fingerprint(binding()), SOURCE) == answer(binding(), SOURCE)
    assert answer(with_fingerprint(binding(), wrong=1), SOURCE) is None


@pytest.mark.parametrize(
    "octets",
    [
        b"\0",
        b"\0" * 19 + b"x",
        binding(kind=0x0101),  # a response
        binding(kind=0x0011),  # an indication
        binding(kind=0x0003),  # TURN's Allocate
        binding(cookie=0x2112A443),
        binding(length=4),
        binding(b"ab"),
        binding(struct.pack("!HH", 6, 8) + b"shor"),
    ],
)
def test_anything_else_gets_no_answer(octets: bytes) -> None:
    assert is_stun(octets)
    assert answer(octets, SOURCE) is None


@given(st.binary(max_size=200))
def test_no_octets_do_harm(tail: bytes) -> None:
    octets = binding(tail)
    said = answer(octets, SOURCE)
    assert said is None or len(said) <= 2 * len(octets)


def test_the_sip_port_answers_and_tells_stun_from_sip() -> None:
    async def main() -> None:
        recorder = Recorder()
        carrier = Udp.bind(Address("127.0.0.1", 0), recorder, asyncio.get_running_loop())
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.setblocking(False)
            phone.bind(("127.0.0.1", 0))
            loop = asyncio.get_running_loop()
            phone.sendto(b"\0garbage", carrier.addresses()[0])
            phone.sendto(binding(), carrier.addresses()[0])
            phone.sendto(b"OPTIONS", carrier.addresses()[0])
            said = await asyncio.wait_for(loop.sock_recv(phone, 100), 5)
            await recorder.until_received(1)
            assert said == answer(binding(), Address(*phone.getsockname()))
            assert recorder.messages == [b"OPTIONS"]
            assert recorder.rules == ["a datagram is neither SIP nor STUN"]
        await carrier.close()

    run_real(main())
