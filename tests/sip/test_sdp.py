"""Claims about the plain audio offer and answer."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.sdp import answer, offer


def answered(*lines: str) -> list[str] | None:
    """The answer to these lines, as lines."""
    octets = answer("\r\n".join(lines).encode(), "192.0.2.1", 4000, session=7)
    return None if octets is None else octets.decode().removesuffix("\r\n").split("\r\n")


HEAD = ["v=0", "o=- 7 7 IN IP4 192.0.2.1", "s=-", "c=IN IP4 192.0.2.1", "t=0 0"]
PCMU = ["m=audio 4000 RTP/AVP 0", "a=rtpmap:0 PCMU/8000", "a=sendrecv"]
PCMA = ["m=audio 4000 RTP/AVP 8", "a=rtpmap:8 PCMA/8000", "a=sendrecv"]


def test_an_offer_has_both_kinds_of_g711() -> None:
    lines = offer("2001:db8::1", 4000, session=7).decode().split("\r\n")
    assert lines == [
        "v=0",
        "o=- 7 7 IN IP6 2001:db8::1",
        "s=-",
        "c=IN IP6 2001:db8::1",
        "t=0 0",
        "m=audio 4000 RTP/AVP 0 8",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=sendrecv",
        "",
    ]


def test_our_own_offer_is_answered() -> None:
    assert answered(*offer("192.0.2.9", 5000, session=1).decode().split("\r\n")) == [*HEAD, *PCMU]


@pytest.mark.parametrize(
    ("lines", "streams"),
    [
        (["m=audio 5000 RTP/AVP 96 8 0"], PCMA),
        (["a=", "m=audio 5000 RTP/AVP 0"], PCMU),
        (["m=audio 5000 RTP/AVP 0", "m=video 5002 RTP/AVP 96 97"], [*PCMU, "m=video 0 RTP/AVP 96 97"]),
        (["m=video 5002 RTP/AVP 96", "m=audio 5000 RTP/AVP 8"], ["m=video 0 RTP/AVP 96", *PCMA]),
        (["m=audio 5000 RTP/AVP 0", "m=audio 5000 RTP/AVP 0"], [*PCMU, "m=audio 0 RTP/AVP 0"]),
    ],
)
def test_an_answer_has_as_many_streams_as_its_offer(lines: list[str], streams: list[str]) -> None:
    assert answered(*lines) == [*HEAD, *streams]  # RFC 3264 section 6


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["v=0"],
        ["a="],
        ["no equals sign"],
        ["m=video 5000 RTP/AVP 0"],
        ["m=audio"],
        ["m=audio "],
        ["m=audio 5000 RTP/AVP"],
        ["m=audio 5000 RTP/AVP 96 " + "9" * 500],
        ["m=audio 5000 RTP/AVP 96", "m=audio 5000 RTP/AVP 0"],
        ["m=audiovisual 5000 RTP/AVP 0"],
    ],
)
def test_an_offer_without_g711_cannot_be_answered(lines: list[str]) -> None:
    assert answered(*lines) is None


def test_bare_line_feeds_are_line_ends_too() -> None:
    assert answer(b"v=0\nm=audio 5000 RTP/AVP 0\n", "192.0.2.1", 4000, session=7) is not None


_LINES = st.sampled_from([b"m=audio ", b"5000 RTP/AVP ", b"0", b" 8", b"\r\n", b"\n", b"a=fmtp:", b"=", b"\xff", b"m="])


@given(st.lists(_LINES, max_size=20).map(b"".join))
def test_no_offer_is_too_broken_to_be_judged(octets: bytes) -> None:
    said = answer(octets, "192.0.2.1", 4000, session=7)
    assert said is None or said.startswith(b"v=0\r\n")
