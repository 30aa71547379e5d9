"""The session description in a body: found alone and among others, replaced in its place, and never lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.sip_messages import request

from ringwake.sip.message import Request
from ringwake.sip.session_body import find_sdp, has_unread_sdp, replace_sdp

SDP = b"v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\n"
MIXED = 'Content-Type: multipart/mixed; boundary="x y"'


def part(body: bytes, *fields: str) -> bytes:
    head = "".join(f"{field}\r\n" for field in fields).encode()
    return b"--x y\r\n" + head + b"\r\n" + body + b"\r\n"


def invite(body: bytes, *fields: str) -> Request:
    return request("INVITE", *fields, body=body)


ISUP = part(b"\x01\x10\r\n--x", "Content-Type: application/isup", "Content-Disposition: signal;handling=optional")
END = b"--x y--\r\n"


@pytest.mark.parametrize(
    "fields",
    [
        ("Content-Type: application/sdp",),
        ("c: Application/SDP;charset=utf-8",),
        ("Content-Type: application/sdp", "Content-Disposition: session; handling=required"),
        ("Content-Type: application/sdp", "Content-Encoding: identity"),
    ],
)
def test_a_description_that_is_the_whole_body_is_found(fields: tuple[str, ...]) -> None:
    message = invite(SDP, *fields)
    place = find_sdp(message)
    assert place is not None
    assert message.body[place] == SDP
    assert not has_unread_sdp(message)


@pytest.mark.parametrize(
    ("body", "before"),
    [
        (part(SDP, "Content-Type: application/sdp") + END, 0),
        (ISUP + part(SDP, "Content-Type: application/sdp") + END, 1),
        (b"preamble\r\n" + ISUP + part(SDP, "content-type:application/sdp ", "X: y") + ISUP + END, 2),
        (part(SDP, "c: application/sdp", "Content-Transfer-Encoding: 8BIT") + END, 0),
    ],
)
def test_a_part_is_found_and_the_others_stay(body: bytes, before: int) -> None:
    del before
    message = invite(body, MIXED)
    place = find_sdp(message)
    assert place is not None
    assert message.body[place] == SDP
    assert not has_unread_sdp(message)
    replace_sdp(message, place, b"other")
    assert message.body == body.replace(SDP, b"other")


@pytest.mark.parametrize(
    ("body", "fields", "is_unread"),
    [
        (b"", ("Content-Type: application/sdp",), False),
        (b"hello", ("Content-Type: text/plain",), False),
        (SDP, (), False),
        (SDP, ("Content-Type: application/sdp", "Content-Encoding: gzip"), True),
        (SDP, ("Content-Type: application/sdp", "Content-Disposition: early-session"), True),
        (SDP, ("Content-Type: application/sdp;a=1;a=2",), False),
        (part(SDP, "Content-Type: application/sdp") + END, ("Content-Type: multipart/mixed",), True),
        (part(SDP, "Content-Type: application/sdp") + END, ("Content-Type: multipart/alternative;boundary=x",), True),
        (part(SDP, "Content-Type: application/sdp"), (MIXED,), True),
        (b"--x y\r\nContent-Type: application/sdp\r\n--x y--", (MIXED,), True),
        (b"--x y", (MIXED,), False),
        (ISUP + END, (MIXED,), False),
        (part(SDP) + END, (MIXED,), False),
        (part(SDP, "Content-Type: application/sdp", "Content-Transfer-Encoding: base64") + END, (MIXED,), True),
        (part(SDP, "Content-Type: application/sdp", "Content-Disposition: render") + END, (MIXED,), True),
    ],
)
def test_what_cannot_be_read_is_not_found_and_said_so(body: bytes, fields: tuple[str, ...], is_unread: bool) -> None:
    message = invite(body, *fields)
    assert find_sdp(message) is None
    assert has_unread_sdp(message) is is_unread


@given(st.lists(st.sampled_from([b"--x y", b"\r\n", b"--", b"Content-Type: application/sdp", b"v=0", b"\x00"])))
def test_whatever_the_body_a_place_lies_inside_it(pieces: list[bytes]) -> None:
    message = invite(b"".join(pieces), MIXED)
    place = find_sdp(message)
    if place is not None:
        assert 0 <= place.start <= place.stop <= len(message.body)
