"""What gets no answer: responses that nobody waits for, and what has no way back."""

from __future__ import annotations

import pytest
from tests.conformance.peers import Connection, Datagrams, Heard, Visit, answer, token
from tests.conformance.phone import Phone
from tests.conformance.server import Server
from tests.conformance.shapes_silent import REASON, RESPONSES, TEST
from tests.conformance.shapes_sound import SOUND


@pytest.mark.parametrize("name", RESPONSES)
def test_a_response_that_nobody_waits_for_goes_nowhere(name: str, visit: Visit, phone: Phone) -> None:
    visit.peer.send(RESPONSES[name].write(visit.token))
    visit.nothing_more()
    assert phone.heard_of(visit.token) == []


def test_what_has_no_way_back_is_dropped(server: Server, caller: str) -> None:
    with Visit(Datagrams(caller, server.udp), token()) as visit:
        visit.peer.send(TEST.write(visit.token))
        visit.nothing_more()


@pytest.mark.parametrize(
    "octets", [TEST.write("T"), b"GET / HTTP/1.1\r\nHost: harbour.test\r\nContent-Length: 0\r\n\r\n"]
)
def test_what_begins_no_message_ends_its_connection(server: Server, caller: str, octets: bytes) -> None:
    with Visit(Connection(caller, server.tcp), token()) as visit:
        visit.peer.send(octets)
        visit.closed()


def asked(visit: Visit, phone: Phone, name: str) -> Heard:
    """Let a request reach the phone."""
    visit.peer.send(SOUND[name].shape.write(visit.token))
    return phone.next(visit.token)


def test_any_reason_of_the_phone_is_passed_on_as_it_is(visit: Visit, phone: Phone) -> None:
    phone.answer(asked(visit, phone, "lwsdisp"), f"200 {REASON}")
    assert visit.final().start == f"SIP/2.0 200 {REASON}"


def test_no_reason_will_do_and_a_100_of_the_phone_stays_here(visit: Visit, phone: Phone) -> None:
    request = asked(visit, phone, "invut")
    trying = visit.next()
    assert trying.status == 100
    assert trying.all("To") == ["sip:m.ara@harbour.test"], "a 100 of ours, without a tag"
    for status in ("100 ", "180 ", "183"):
        phone.answer(request, status)
    assert [visit.next().start for _ in range(2)] == ["SIP/2.0 180 ", "SIP/2.0 183 "]
    phone.answer(request, "486 Busy Here")
    assert visit.final().status == 486


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        (b"SIP/2.0 200 OK", b"SIP/2.0 4294967301 OK"),
        (b"SIP/2.0 200 OK", b"SIP/3.0 200 OK"),
        (b"CSeq: ", b"CSeq: 36893488147419103232"),
        (b"Content-Length: 0", b"Content-Length: 9999"),
        (b"Content-Length: 0", b"Content-Length: 0\r\nContent-Length: 1"),
        (b"Via: ", b"Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1\r\nVia: "),
    ],
)
def test_a_broken_answer_of_the_phone_is_dropped_and_a_sound_one_still_counts(
    was: bytes, becomes: bytes, visit: Visit, phone: Phone
) -> None:
    request = asked(visit, phone, "lwsdisp")
    sound = answer(request, "200 OK")
    phone.send(sound.replace(was, becomes, 1))
    phone.answer(request, "404 Not Found")
    assert visit.final().status == 404


def test_an_answer_goes_back_where_the_request_came_from_whatever_its_vias_say(visit: Visit, phone: Phone) -> None:
    """The shape of RFC 4475 bcast, sent by the phone."""
    request = asked(visit, phone, "lwsdisp")
    ours, theirs = request.all("Via")
    forged = answer(request, "200 OK").replace(theirs.encode(), b"SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber")
    phone.send(forged)
    assert ours.encode() in forged
    final = visit.final()
    assert (final.status, final.all("Via")) == (200, ["SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber"])
