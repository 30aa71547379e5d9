"""Claims about framing: however a stream is cut, the same messages come out, and the same error after them."""

import itertools
from collections.abc import Iterable

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.support.sip_messages import octets

from ringwake.sip.errors import ParseError
from ringwake.sip.framing import PONG, Framer, KeepAlive
from ringwake.sip.parser import MAX_HEAD, MAX_MESSAGE

START = "OPTIONS sip:h SIP/2.0"
EMPTY = octets(START, "Content-Length: 0")
SHORT = octets("MESSAGE sip:h SIP/2.0", "l : 4", "X-Foo: bar", body=b"\r\n\r\n")
FOLDED = octets(START, "Content-Length:", "\t3", " ", body=b"abc")
PING = KeepAlive.PING


def frames(pieces: Iterable[bytes]) -> list[bytes | KeepAlive | str]:
    """What comes out of a stream, and at last the rule that ended it."""
    framer = Framer()
    found: list[bytes | KeepAlive | str] = []
    try:
        for piece in pieces:
            for frame in framer.feed(piece):
                found.append(frame)  # noqa: PERF402  an error comes after frames that shall be kept
    except ParseError as error:
        found.append(error.rule)
    return found


def singly(stream: bytes) -> list[bytes]:
    """Cut a stream into its octets."""
    return [stream[at : at + 1] for at in range(len(stream))]


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"", []),
        (EMPTY, [EMPTY]),
        (EMPTY + SHORT + FOLDED, [EMPTY, SHORT, FOLDED]),
        (b"\r\n" + EMPTY, [EMPTY]),
        (b"\r\n\r\n", [PING]),
        (b"\r\n\r\n\r\n\r\n", [PING, PING]),
        (b"\r\n\r\n\r\n" + EMPTY, [PING, EMPTY]),
        (EMPTY + b"\r\n" + SHORT + b"\r\n\r\n", [EMPTY, SHORT, PING]),
        (b"\n\r\n\r\n", [PING]),
        (b"\r\r\n\r\n", [PING]),
        (b"\r\n\r\r\n\n\n\r" + EMPTY, [EMPTY]),
        (SHORT[:-1], []),
        (EMPTY[:-1], []),
        (EMPTY + octets(START) + EMPTY, [EMPTY, "a message on a stream has no Content-Length"]),
    ],
)
def test_messages_and_pings_are_cut_from_a_stream(stream: bytes, expected: list[object]) -> None:
    assert frames([stream]) == expected
    assert frames(singly(stream)) == expected


def test_a_pong_is_half_a_ping() -> None:
    assert PING.value == PONG * 2


_PIECES = st.sampled_from(
    [b"\r", b"\n", b"\r\n", b"\r\n\r\n", b" ", b"x", b"\x00", EMPTY, SHORT, FOLDED, EMPTY[:-1], SHORT[:-3],
     octets(START), octets(START, "Content-Length: -1"), octets(START, "l: 1", "Content-Length: 1")]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=6).map(b"".join), st.lists(st.integers(0, 400)))
@example(b"\n\r\n\r\n", [])
@example(b"\r\r\n\r\n", [1, 2])
def test_a_stream_may_be_cut_anywhere(stream: bytes, cuts: list[int]) -> None:
    edges = [0, *sorted(cuts), len(stream)]
    pieces = [stream[start:end] for start, end in itertools.pairwise(edges)]
    assert b"".join(pieces) == stream[: max(edges)]
    whole = frames([stream])
    assert frames(pieces) == whole
    assert frames(singly(stream)) == whole


@pytest.mark.parametrize(
    ("lines", "rule"),
    [
        ([], "has no Content-Length"),
        (["Content-Length: 5", "Content-Length: 5"], "more than once"),
        (["Content-Length: 5", "l: 6"], "more than once"),
        (["Content-Length: 5", "CONTENT-LENGTH \t: 5"], "more than once"),
        (["Content-Length: "], "not a number"),
        (["Content-Length: five"], "not a number"),
        (["Content-Length: +5"], "not a number"),
        (["Content-Length: -1"], "not a number"),
        (["Content-Length: 5_0"], "not a number"),
        (["Content-Length: \u0665"], "not a number"),
        (["Content-Length: 5 5"], "not a number"),
        (["Content-Length: 5", " 5"], "not a number"),
        (["Content-Length: 5\n5"], "not a number"),
        (["Content-Length: " + "9" * 40], "not a number"),
        (["Content-Length: 2147483648"], "the message is too long"),
        (["Content-Length: 4294967296"], "too large"),
        (["Content-Length: 4294967328"], "too large"),
    ],
)
def test_a_stream_needs_one_content_length_that_is_a_number(lines: list[str], rule: str) -> None:
    stream = octets(START, *lines, body=b"x" * 32) + EMPTY  # CVE-2026-23457: what follows is no second message
    (found,) = frames([stream])
    assert isinstance(found, str)
    assert rule in found
    assert frames(singly(stream)) == [found]


def test_blanks_around_the_one_length_are_fine() -> None:
    message = octets(START, "Content-Length:   5\t ", body=b"12345")
    assert frames([message]) == [message]


def test_a_broken_stream_stays_broken_and_shows_its_head() -> None:
    framer = Framer()
    broken = octets(START, "Via: SIP/2.0/TCP h", "Content-Length: x", body=b"abc")
    for _ in range(2):
        with pytest.raises(ParseError):
            list(framer.feed(broken))
    assert framer.head() == broken[:-3]


@pytest.mark.parametrize("line", ["INVITE", "INVITE sip:h", "GET / HTTP/1.1", "\x16\x03\x01"])
def test_what_begins_no_message_ends_the_stream(line: str) -> None:
    stream = octets(line, "Content-Length: 0")
    assert frames([stream + EMPTY]) == ["the first line is no SIP start line"]
    assert frames(singly(stream)) == ["the first line is no SIP start line"]


def test_a_response_that_cannot_be_read_ends_no_stream() -> None:
    response = octets("SIP/2.0 4294967301 big", "Content-Length: 0")
    assert frames([response + EMPTY]) == [response, EMPTY]


@pytest.mark.parametrize(
    ("broken", "status"),
    [
        (octets(START), 400),
        (octets(START, f"Content-Length: {MAX_MESSAGE}"), 513),
        (b"x" * (MAX_HEAD + 4), 513),
        (b"x" * (MAX_HEAD + 1) + b"\r\n\r\n", 513),
    ],
)
def test_a_broken_stream_knows_its_answer(broken: bytes, status: int) -> None:
    with pytest.raises(ParseError) as caught:
        list(Framer().feed(broken))
    assert caught.value.status == status


def test_the_longest_head_is_shown() -> None:
    framer = Framer()
    broken = padded(MAX_HEAD, MAX_MESSAGE)
    with pytest.raises(ParseError):
        list(framer.feed(broken))
    assert framer.head() == broken[: MAX_HEAD + 4]


def test_there_is_no_head_before_it_is_whole() -> None:
    framer = Framer()
    assert list(framer.feed(EMPTY[:-1])) == []
    assert framer.head() == b""


@pytest.mark.parametrize(
    ("received", "is_idle"),
    [
        (b"", True),
        (EMPTY, True),
        (b"\r\n", True),
        (EMPTY + b"\r\n", True),
        (b"\r\n\r", True),
        (b"O", False),
        (b"\r\nO", False),
        (SHORT[:-1], False),
        (EMPTY[:-1], False),
    ],
)
def test_a_stream_is_idle_between_messages(received: bytes, is_idle: bool) -> None:
    framer = Framer()
    list(framer.feed(received))
    assert framer.is_idle is is_idle


def padded(head: int, body: int) -> bytes:
    """A message with so many octets before the empty line, and behind it."""
    message = octets(START, f"Content-Length: {body}", "X: ", body=b"b" * body)
    at = message.index(b"\r\n\r\n")
    return message[:at] + b"a" * (head - at) + message[at:]


@pytest.mark.parametrize("excess", [-3, -2, -1, 0])
def test_the_longest_header_section_is_read_however_it_is_cut(excess: int) -> None:
    message = padded(MAX_HEAD + excess, 0)
    assert frames([message]) == [message]
    assert frames(singly(message)) == [message]


def test_a_longer_header_section_is_refused_however_it_is_cut() -> None:
    message = padded(MAX_HEAD + 1, 0)
    assert frames([message]) == ["the header section is too long"]
    assert frames(singly(message)) == ["the header section is too long"]
    assert frames([b"x" * (MAX_HEAD + 3)]) == []
    assert frames([b"x" * (MAX_HEAD + 4)]) == ["the header section is too long"]


def test_a_longer_message_is_refused_before_it_has_come() -> None:
    longest = padded(1000, MAX_MESSAGE - 1004)
    assert frames([longest]) == [longest]
    assert frames([padded(1000, MAX_MESSAGE - 1003)[:1004]]) == ["the message is too long"]
