"""Whatever is sent, reading it costs time in proportion to its length, and no more (reliability S16).

By reasoning: each pattern of `sip` repeats one character class up to a character that is not in it, or alternatives
that begin differently, so none can backtrack further than it has read. And none that repeats is searched for, which
would begin anew at each character: those that are take a fixed number of characters, or begin with one that they do
not repeat. By measure, coarsely, in CPU time
of the process: eight times the input may cost 24 times as much; what grows with the square costs 64 times as much.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from time import process_time

import pytest
from tests.support.sip_messages import octets

from ringwake.sip.address import parse_address
from ringwake.sip.digest import parse_credentials
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import parse_cseq
from ringwake.sip.framing import Framer
from ringwake.sip.grammar import closing_quote, split, unescape, unquote
from ringwake.sip.headers import Headers
from ringwake.sip.params import Params
from ringwake.sip.parser import parse
from ringwake.sip.redaction import clean_field, may_hold_token
from ringwake.sip.replies import has_tag
from ringwake.sip.uri import parse_hostport
from ringwake.sip.via import parse_via

FACTOR = 8
MOST = 24
START = "OPTIONS sip:h SIP/2.0"


def seconds(work: Callable[[], object]) -> float:
    """CPU seconds of one run: the best of five rounds of some milliseconds each."""
    runs, best = 1, float("inf")
    while True:
        started = process_time()
        for _ in range(runs):
            work()
        spent = process_time() - started
        if spent > 0.002:
            break
        runs *= 2
    for _ in range(5):
        started = process_time()
        for _ in range(runs):
            work()
        best = min(best, (process_time() - started) / runs)
    return best


def quietly(read: Callable[[], object]) -> None:
    """Read something; it does not matter whether it is refused."""
    with suppress(ParseError):
        read()


def grows(read: Callable[[int], object], size: int) -> float:
    """Return how much more eight times the size costs."""
    return seconds(lambda: quietly(lambda: read(FACTOR * size))) / seconds(lambda: quietly(lambda: read(size)))


def stream_of(size: int) -> Iterator[object]:
    """Feed a message, and line ends, octet by octet."""
    framer = Framer()
    for octet in b"\r" * size + octets(START, "X: " + "a" * (size // 2), f"l: {size}", body=b"b" * size):
        yield from framer.feed(bytes((octet,)))


WORST: dict[str, tuple[Callable[[int], object], int]] = {
    "blanks before a colon in Via": (lambda n: parse_via("SIP/2.0/UDP a" + " " * n + "b"), 8000),
    "blanks in a Via without end": (lambda n: parse_via("SIP" + " " * n), 8000),
    "letters in a Via without end": (lambda n: parse_via("S" * n), 8000),
    "a host of many labels": (lambda n: parse_hostport("a." * n), 8000),
    "escaped letters": (lambda n: closing_quote('"' + "\\a" * n + '"', 0), 4000),
    "escaped quotes": (lambda n: closing_quote('"' + '\\"' * n + '"', 0), 4000),
    "escaped quotes without end": (lambda n: unquote('"' + '\\"' * n), 4000),
    "quotes to be removed": (lambda n: unquote('"' + '\\"' * n + '"'), 4000),
    "many quotes": (lambda n: list(split('""' * n, ",")), 4000),
    "many brackets": (lambda n: list(split("<>" * n, ",")), 4000),
    "many open brackets": (lambda n: list(split("<" * n + ">", ",")), 4000),
    "many commas": (lambda n: list(split('"",' * n, ",")), 4000),
    "many parameters": (lambda n: Params.parse("".join(f";p{serial}" for serial in range(n))), 1000),
    "blanks in parameters": (lambda n: Params.parse(";a" + " " * n + "=" + " " * n + "b"), 8000),
    "a long display name": (lambda n: parse_address("a " * n + "\x00<sip:a@h>"), 8000),
    "many digest parameters": (lambda n: parse_credentials("Digest " + ",".join(f'p{i}="x"' for i in range(n))), 500),
    "many escapes": (lambda n: unescape("%41" * n), 4000),
    "many percent signs": (lambda n: unescape("%" * n), 8000),
    "blanks in a tag": (lambda n: has_tag("<sip:a@h>;" + " " * n), 8000),
    "blanks in a CSeq": (lambda n: parse_cseq("1" + " \t" * n + "(" * n), 8000),
    "a list of contacts": (lambda n: Headers(["contact"], ["m: " + "<sip:a@h>," * n]).values("contact"), 500),
    "many fields": (lambda n: parse(octets(START, *["Via: SIP/2.0/UDP h"] * n)), 19),
    "many folds": (lambda n: parse(octets(START, "X: a", *[" b"] * n)), 1000),
    "many folds of nothing": (lambda n: parse(octets(START, "X: a", *[" "] * n)), 1000),
    "many quotes around controls": (lambda n: parse(octets(START, 'X: \x01"' + '\\"' * n)), 500),
    "many quoted controls": (lambda n: parse(octets(START, "X: " + '"\\\x01"' * n)), 250),
    "many tokens": (lambda n: clean_field("<sip:a@h>" + ';pn-tok="\\"' * n), 500),
    "blanks behind a token's name": (lambda n: clean_field(";pn-tok" + " " * n), 8000),
    "many names without a token": (lambda n: clean_field("pn-tok " * n), 1000),
    "escapes of escapes": (lambda n: clean_field("%" + "25" * n), 8000),
    "many escapes of escapes": (lambda n: may_hold_token("%25" * n), 4000),
    "line ends": (lambda n: parse(b"\r\n" * n + octets(START)), 4000),
    "octets one by one": (lambda n: list(stream_of(n)), 1000),
}


@pytest.mark.parametrize(("read", "size"), WORST.values(), ids=WORST)
def test_eight_times_the_input_costs_about_eight_times_the_work(read: Callable[[int], object], size: int) -> None:
    assert grows(read, size) < MOST


def test_what_grows_with_the_square_would_be_seen() -> None:
    def square(size: int) -> int:
        return sum(1 for _ in range(size) for _ in range(size))

    assert grows(square, 60) > MOST
