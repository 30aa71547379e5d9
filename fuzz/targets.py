"""What is fuzzed: one function a parser. Its docstring is the invariant; an error that is no SipError breaks it too."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ringwake.net import stun
from ringwake.sip.address import parse_address
from ringwake.sip.digest import parse_challenge, parse_credentials
from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.framing import Framer, KeepAlive
from ringwake.sip.grammar import decode
from ringwake.sip.message import Request
from ringwake.sip.params import Params
from ringwake.sip.parser import parse
from ringwake.sip.push_params import push_params
from ringwake.sip.redaction import clean_uri, names_token
from ringwake.sip.sdp import answer
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.uri import parse_uri
from ringwake.sip.via import parse_via

_SOURCE = Address("192.0.2.1", 5060)
_FLOW = Flow(Transport.UDP, Address("192.0.2.2", 5060), _SOURCE)


def message(octets: bytes) -> None:
    """What was read and is written again reads the same; what has a defect can still be answered."""
    read = parse(octets)
    again = parse(read.encode())
    assert (again.headers.text(), again.body) == (read.headers.text(), read.body)
    assert type(again) is type(read)
    if isinstance(read, Request) and "via" in read.headers:
        TransactionLayer().receive(read, _FLOW, 0.0)


def stream(octets: bytes) -> None:
    """A stream is cut into the same messages whatever the sizes of its pieces."""
    assert _frames(octets, len(octets) or 1) == _frames(octets, 1)


def _frames(octets: bytes, size: int) -> list[bytes | KeepAlive | None]:
    framer, frames = Framer(), list[bytes | KeepAlive | None]()
    try:
        for at in range(0, len(octets), size):
            frames += framer.feed(octets[at : at + size])
    except ParseError:
        frames.append(None)
    return frames


def uri(octets: bytes) -> None:
    """A URI is equal to itself after a round trip, and cleaned it can be read and names no token."""
    read = parse_uri(decode(octets))
    again = parse_uri(str(read))
    assert again == read
    assert read.equals(again)
    bare = parse_uri(clean_uri(str(read)))
    assert not names_token(str(bare))
    assert push_params(bare) is None or push_params(bare).prid is None  # type: ignore[union-attr]  # just looked at


def address(octets: bytes) -> None:
    """The URI of a name-addr is in its text, and its parameters survive a round trip."""
    text = decode(octets)
    read = parse_address(text)
    assert read.uri in text
    assert str(Params.parse(str(read.params))) == str(read.params)


def via(octets: bytes) -> None:
    """A Via survives a round trip, and an amended one names the source."""
    read = parse_via(decode(octets))
    assert parse_via(str(read)) == read
    amended = read.amended(_SOURCE)
    with suppress(ParseError):
        assert parse_via(str(amended)).answer_to(5060).host == _SOURCE.host


def digest(octets: bytes) -> None:
    """Challenges and credentials are read or refused."""
    for read in (parse_challenge, parse_credentials):
        with suppress(SipError):
            read(decode(octets))


def sdp(octets: bytes) -> None:
    """An offer is answered or refused."""
    answer(octets, _SOURCE.host, 40_000, session=1)


def binding_request(octets: bytes) -> None:
    """An answer to STUN is never much longer than the question."""
    said = stun.answer(octets, _SOURCE)
    assert said is None or len(said) <= 2 * len(octets) + 12


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target for target in (message, stream, uri, address, via, digest, sdp, binding_request)
}
