"""Where a message ends: by its Content-Length on a stream, by the datagram on UDP (RFC 3261 section 18.3)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.conformance.peers import Connection, Datagrams, Visit, token
from tests.conformance.phone import Phone
from tests.conformance.server import Server
from tests.conformance.shapes import Shape, invite, offer, options
from tests.conformance.shapes_refused import REFUSED


@pytest.fixture
def udp(server: Server, caller: str) -> Iterator[Visit]:
    with Visit(Datagrams(caller, server.udp), token()) as visit:
        yield visit


@pytest.fixture
def tcp(server: Server, caller: str) -> Iterator[Visit]:
    with Visit(Connection(caller, server.tcp), token()) as visit:
        yield visit


CLERR = invite("clerr", length="Content-Length: 9999")
BROKEN = {
    "ncl": invite("ncl", length="Content-Length: -999"),
    "ncl in words": invite("ncl", length="Content-Length: five"),
    "ncl with a sign": invite("ncl", length="Content-Length: +5"),
    "ncl with an underscore": invite("ncl", length="Content-Length: 1_0"),
    "ncl in Arabic": invite("ncl", length="Content-Length: \u0665"),
    "beyond 32 bits": invite("ncl", length="Content-Length: 4294967328"),
    "mcl01": Shape(
        options(
            "mcl01", length="Content-Length: 13", length2="Content-Length: 5", type="Content-Type: text/plain"
        ).head,
        b"Nobody can say how many octets these are.\r\n",
    ),
    "long and compact": invite("both", length2="l: LENGTH"),
}


def test_a_body_that_is_not_all_there_is_400_on_udp(udp: Visit) -> None:
    udp.peer.send(CLERR.write(udp.token))
    assert udp.final().status == 400
    udp.nothing_more()


def test_a_body_that_is_not_all_there_is_waited_for_on_tcp(tcp: Visit, phone: Phone) -> None:
    octets = CLERR.write(tcp.token)
    tcp.peer.send(octets)
    assert phone.heard_of(tcp.token) == []
    tcp.peer.send(b"\0" * (9999 - len(offer())))
    assert len(phone.next(tcp.token).body) == 9999


@pytest.mark.torture
def test_a_body_that_never_comes_ends_its_connection(tcp: Visit) -> None:
    tcp.nothing_more()
    tcp.peer.send(CLERR.write(tcp.token))
    tcp.closed(seconds=15)


@pytest.mark.parametrize("name", BROKEN)
def test_a_length_that_is_none_is_400_and_ends_a_connection(
    name: str, server: Server, caller: str, udp: Visit, phone: Phone
) -> None:
    octets = BROKEN[name].write(udp.token)
    udp.peer.send(octets)
    assert udp.final().status == 400
    udp.nothing_more()
    smuggled = invite("smuggled").write(udp.token)
    with Visit(Connection(caller, server.tcp), udp.token) as visit:
        visit.peer.send(octets + smuggled)
        assert visit.final().status == 400
        visit.closed()
    assert phone.heard_of(udp.token) == []


def test_a_message_without_its_last_line_end_is_read_from_a_datagram_only(udp: Visit, tcp: Visit) -> None:
    """RFC 4475 baddn as it is published."""
    octets = REFUSED["baddn"].shape.write(udp.token).removesuffix(b"\r\n")
    udp.peer.send(octets)
    assert udp.final().status == 400
    tcp.peer.send(REFUSED["baddn"].shape.write(tcp.token).removesuffix(b"\r\n"))
    tcp.peer.send(b"\r\n")
    assert tcp.final().status == 400


def test_what_stands_behind_a_message_is_dropped_from_a_datagram_and_the_next_of_a_stream(
    udp: Visit, tcp: Visit, phone: Phone
) -> None:
    """The shape of RFC 4475 dblreq."""
    register = options(
        "dblreq", start="REGISTER sip:harbour.test SIP/2.0", cseq="CSeq: 8 REGISTER", length="Content-Length: 0"
    )
    inside = Shape(invite("dblreq2", length=f"Content-Length: {len(offer()) - 5}").head, offer())
    for visit in (udp, tcp):
        visit.peer.send(register.write(visit.token) + b"\r\n" + inside.write(visit.token))
        assert visit.final().status == 401
    udp.nothing_more()
    assert phone.heard_of(udp.token) == []
    phone.answer(phone.next(tcp.token), "486 Busy Here")
    assert tcp.final().status == 486


def test_a_stream_may_be_cut_anywhere_and_hold_many_messages(tcp: Visit) -> None:
    names = ("zeromf", "unkscm", "badvers") * 20
    octets = b"".join(REFUSED[name].shape.write(f"{tcp.token}.{serial}") for serial, name in enumerate(names))
    for at in range(0, len(octets), 89):
        tcp.peer.send(octets[at : at + 89])
    assert [tcp.final().status for _ in range(60)] == [483, 416, 505] * 20
    tcp.peer.send(b"\r\n\r\n")  # RFC 5626 section 4.4.1
    tcp.nothing_more()
