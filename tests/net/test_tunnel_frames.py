"""What connector and edge say to each other: what is written is read back, and garbage has a reason."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.net.tunnel_frames import (
    Hello,
    Taken,
    TunnelError,
    Unreachable,
    Welcome,
    Word,
    hear,
    pack,
    read_address,
    say,
    unpack,
)
from ringwake.sip.flow import Address

PBX = Address("10.0.0.5", 5060)
HELLO = Hello(tenant="example.com", transport="udp", local="10.0.0.9:5070", pbx=str(PBX))


@pytest.mark.parametrize("word", [HELLO, Welcome(), Taken(count=3), Unreachable(remote="[2001:db8::1]:5060")])
def test_a_word_is_read_back(word: Word) -> None:
    assert hear(say(word)) == word


def test_the_hello_is_what_the_decision_record_shows() -> None:
    text = (
        '{"say":"hello","v":1,"tenant":"example.com","transport":"udp","local":"10.0.0.9:5070","pbx":"10.0.0.5:5060"}'
    )
    assert say(HELLO) == text


def test_what_a_later_version_adds_is_skipped() -> None:
    assert hear('{"say":"welcome","v":1,"more":[1]}') == Welcome()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "[]",
        '{"say":"goodbye"}',
        '{"say":"taken","count":"3"}',
        '{"say":"hello","v":1}',
        '{"say":"hello","v":99999,"tenant":"a","transport":"udp","local":"b","pbx":"c"}',
        '{"say":"hello","v":1,"tenant":"a","transport":"tls","local":"b","pbx":"c"}',
        "\ud800",
        "[" * 100_000,
        '{"say":"welcome","v":1,"more":' + "[" * 60_000,
    ],
)
def test_what_is_no_word_has_a_reason(text: str) -> None:
    with pytest.raises(TunnelError, match=r"^a text frame is none of"):
        hear(text)


@given(st.binary(min_size=1), st.ip_addresses(), st.integers(1, 65535))
def test_a_message_passes_unchanged(octets: bytes, host: object, port: int) -> None:
    remote = Address(str(host), port)
    if not remote.host.strip("0.:"):
        return  # the address that stands for all
    assert unpack(pack(remote, octets)) == (remote, octets)


@pytest.mark.parametrize("frame", [b"", b"\n", b"10.0.0.5:5060", b"10.0.0.5:5060\n"])
def test_a_frame_without_a_message_has_a_reason(frame: bytes) -> None:
    with pytest.raises(TunnelError, match="no message"):
        unpack(frame)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0.0.5",
        "10.0.0.5:",
        "10.0.0.5:0",
        "10.0.0.5:65536",
        "10.0.0.5:05060",
        "10.0.0.5:\u0665",
        "2001:db8::1:5060",
        "[10.0.0.5]:5060",
        "[2001:DB8::1]:5060",
        "0.0.0.0:5060",
        "[::]:5060",
        "pbx.example:5060",
        "\xff:1",
        "1" * 5000,
    ],
)
def test_what_is_no_address_has_a_reason(text: str) -> None:
    with pytest.raises(TunnelError):
        read_address(text)
    with pytest.raises(TunnelError):
        unpack(f"{text}\nOPTIONS".encode())
