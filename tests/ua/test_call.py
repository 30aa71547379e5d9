"""Claims about a call at its two ends (RFC 3261 sections 12 to 15)."""

from __future__ import annotations

from random import Random

import pytest
from tests.support.ids import SeededIds
from tests.support.sip_messages import LOCAL, TCP, UDP, received_request, received_response, request

from ringwake.secret import Secret
from ringwake.sip import sdp
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply
from ringwake.sip.transactions.key import server_key
from ringwake.sip.transactions.servers import Servers
from ringwake.ua.call import CallState, IncomingCall, OutgoingCall
from ringwake.ua.identity import Identity

BOSS = Identity(user="boss", domain="example.com", password=Secret("secret"), display="Boss")
OFFER = sdp.offer("198.51.100.7", 40000, session=1)
VIDEO = OFFER.replace(b"m=audio", b"m=video")
ROUTES = ("Record-Route: <sip:near@192.0.2.9;lr>, <sip:far@192.0.2.9;lr>", "Record-Route: <sip:out@192.0.2.8;lr>")
NEAR_FIRST = ["<sip:near@192.0.2.9;lr>", "<sip:far@192.0.2.9;lr>", "<sip:out@192.0.2.8;lr>"]
CONTACT = "Contact: <sip:alice@198.51.100.7:40112>"


def ids() -> SeededIds:
    return SeededIds(Random(1))


# ---- a call to us


def incoming(*fields: str, body: bytes = OFFER) -> IncomingCall:
    invite = request("INVITE", *(fields or (CONTACT, *ROUTES)), body=body)
    transaction = Servers().open(server_key(invite, invite.via, "INVITE"), invite, UDP)
    return IncomingCall(transaction, invite, TCP, contact="<sip:bob@192.0.2.1:5060>", ids=ids())


def checked(response: Response | None) -> Response:
    """Return a response as its receiver reads it."""
    assert response is not None
    return received_response(response.encode())


def test_a_call_rings_with_our_tag_and_contact() -> None:
    call = incoming()
    ringing = checked(call.ring())
    assert (ringing.status, call.state, call.call_id) == (180, CallState.RINGING, "call-1@198.51.100.7")
    assert ringing.headers.values("record-route") == NEAR_FIRST
    assert ringing.headers.get("contact") == "<sip:bob@192.0.2.1:5060>"
    assert ";tag=" in (ringing.headers.get("to") or "")


def test_an_answer_has_the_tag_of_the_ringing_and_takes_the_offer() -> None:
    call = incoming()
    ringing, ok = checked(call.ring()), checked(call.accept(10.0))
    assert (ok.status, call.state) == (200, CallState.ANSWERED)
    assert ok.headers.get("to") == ringing.headers.get("to")
    assert ok.headers.get("content-type") == "application/sdp"
    assert b"m=audio 40000 RTP/AVP 0\r\n" in ok.body


def test_a_call_without_an_offer_is_answered_with_one() -> None:
    ok = checked(incoming(body=b"").accept(10.0))
    assert (ok.status, b"m=audio 40000 RTP/AVP 0 8\r\n" in ok.body) == (200, True)


def test_a_call_without_a_common_format_is_488() -> None:
    call = incoming(body=VIDEO)
    refused = checked(call.accept(10.0))
    assert (refused.status, call.state, call.ending) == (488, CallState.ENDED, "rejected")
    assert "contact" not in refused.headers
    assert call.get_timer() is None


def test_a_call_from_nowhere_cannot_be_answered() -> None:
    call = incoming("Subject: no Contact")
    assert (checked(call.accept(10.0)).status, call.state) == (400, CallState.ENDED)


@pytest.mark.parametrize("status", [486, 603])
def test_a_call_may_be_refused_here_or_everywhere(status: int) -> None:
    call = incoming()
    call.ring()
    assert (checked(call.reject(status)).status, call.state, call.ending) == (status, CallState.ENDED, "rejected")
    assert call.bye(TCP) is None


def test_a_cancelled_call_is_over_and_no_tap_brings_it_back() -> None:
    call = incoming()
    call.ring()
    assert (checked(call.cancelled()).status, call.state, call.ending) == (487, CallState.ENDED, "cancelled")
    assert checked(call.accept(10.0)).status == 487
    call.ring()
    call.reject(486)
    call.acknowledged()
    assert (call.state, call.ending, call.get_timer(), call.bye(TCP)) == (CallState.ENDED, "cancelled", None, None)


@pytest.mark.parametrize(
    ("reason", "ending"),
    [
        ('SIP;cause=200;text="Call completed elsewhere"', "answered elsewhere"),
        ('Q.850;cause=21, SIP;cause=603;text="Decline"', "declined elsewhere"),
        ("SIP;cause=600", "declined elsewhere"),
        ("SIP;cause=487", "cancelled"),
        ("SIP;cause=", "cancelled"),
    ],
)
def test_the_reason_of_a_cancel_tells_a_missed_call_from_one_that_another_phone_has(reason: str, ending: str) -> None:
    call = incoming()
    call.ring()
    assert checked(call.cancelled(reason)).status == 487
    assert (call.state, call.ending) == (CallState.ENDED, ending)


def test_the_200_is_sent_again_until_its_ack() -> None:
    call = incoming()
    ok = call.accept(100.0)
    assert call.handle_timer(100.4) is None
    assert call.get_timer() == 100.5
    assert call.handle_timer(100.5) is ok
    assert call.get_timer() == 101.5
    call.acknowledged()
    assert (call.state, call.get_timer(), call.handle_timer(200.0)) == (CallState.UP, None, None)
    call.acknowledged()
    assert call.state is CallState.UP


def test_a_200_that_nobody_acknowledges_is_given_up_after_32_seconds() -> None:  # 13.3.1.4
    call = incoming()
    call.accept(100.0)
    due = []
    while (at := call.get_timer()) is not None:
        due.append((at - 100.0, call.handle_timer(at) is not None))
    assert due == [
        *((after, True) for after in (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)),
        (32.0, False),
    ]
    assert (call.state, call.ending) == (CallState.ENDED, "no ack")


def test_a_second_tap_on_accept_says_the_same() -> None:
    call = incoming()
    ok = call.accept(100.0)
    assert call.accept(100.3) is ok
    assert call.get_timer() == 100.5
    call.acknowledged()
    assert call.accept(101.0) is ok
    assert (call.state, call.get_timer()) == (CallState.UP, None)


def test_the_callee_hangs_up_along_the_routes_of_the_invite() -> None:
    call = incoming()
    ok = call.accept(100.0)
    call.acknowledged()
    bye = call.bye(TCP)
    assert bye is not None
    bye = received_request(bye.encode())
    assert (bye.method, bye.uri, bye.cseq.number) == ("BYE", "sip:alice@198.51.100.7:40112", 1)
    assert bye.headers.values("route") == NEAR_FIRST
    assert (bye.headers.get("from"), bye.headers.get("to")) == (ok.headers.get("to"), "<sip:alice@example.com>;tag=a1")
    assert bye.via.transport == "TCP"
    assert (call.state, call.ending) == (CallState.ENDED, "bye")
    assert call.bye(TCP) is None


def test_the_caller_hangs_up() -> None:
    call = incoming()
    call.accept(100.0)
    call.end("bye")
    assert (call.state, call.ending, call.get_timer(), call.bye(TCP)) == (CallState.ENDED, "bye", None, None)
    call.end("no ack")
    assert call.ending == "bye", "the first reason stands"


# ---- a call of ours


def outgoing(flow: Flow = TCP) -> OutgoingCall:
    return OutgoingCall("sip:bob@example.com", BOSS, flow, contact="<sip:boss@192.0.2.1:5060>", ids=ids())


def answer(call: OutgoingCall, status: int, *fields: tuple[str, str], tag: str = "b1") -> Request | None:
    """Let the other side answer; return our ACK as it reads it."""
    ack = call.response(received_response(reply(call.invite, status, to_tag=tag, headers=fields).encode()))
    return None if ack is None else received_request(ack.encode())


BOB = ("contact", "<sip:bob@203.0.113.5:5070;transport=tcp>")
RECORDED = [("record-route", "<sip:far@192.0.2.9;lr>, <sip:near@192.0.2.9;lr>")]


def test_an_invite_says_who_calls_whom_and_offers_audio() -> None:
    call = outgoing()
    invite = received_request(call.invite.encode())
    assert invite.start_line() == "INVITE sip:bob@example.com SIP/2.0"
    assert (invite.headers.get("from") or "").startswith('"Boss" <sip:boss@example.com>;tag=')
    assert (invite.headers.get("to"), invite.cseq.number) == ("<sip:bob@example.com>", 1)
    assert invite.headers.get("contact") == "<sip:boss@192.0.2.1:5060>"
    assert (invite.via.sent_by, invite.via.transport) == (str(LOCAL), "TCP")
    assert b"c=IN IP4 192.0.2.1\r\n" in invite.body
    assert (call.call_id, call.state) == (invite.call_id, CallState.TRYING)


def test_a_call_rings_when_somebody_says_so() -> None:
    call = outgoing()
    assert answer(call, 100) is None
    assert (call.state, call.status) == (CallState.TRYING, 100)
    assert answer(call, 180) is None
    assert (call.state, call.status, call.bye(TCP)) == (CallState.RINGING, 180, None)


def test_every_200_is_acknowledged_with_the_same_ack() -> None:
    call = outgoing()
    ack, again = answer(call, 200, BOB, *RECORDED), answer(call, 200, BOB, *RECORDED)
    assert ack is not None
    assert again is not None
    assert ack.encode() == again.encode()
    assert (ack.method, ack.uri, ack.cseq.number) == ("ACK", "sip:bob@203.0.113.5:5070;transport=tcp", 1)
    assert ack.headers.values("route") == ["<sip:near@192.0.2.9;lr>", "<sip:far@192.0.2.9;lr>"]
    assert ack.headers.get("to") == "<sip:bob@example.com>;tag=b1"
    assert call.state is CallState.UP


def test_an_ack_has_the_credentials_of_its_invite() -> None:  # 13.2.2.4
    call = outgoing()
    again = call.invite.copy()
    again.headers.set("cseq", "2 INVITE")
    again.headers.append("proxy-authorization", "Digest p")
    again.headers.append("authorization", "Digest a")
    call.retried(again)
    ack = answer(call, 200, BOB)
    assert ack is not None
    assert (ack.headers.texts("authorization"), ack.headers.texts("proxy-authorization")) == (
        ["Digest a"],
        ["Digest p"],
    )
    assert ack.cseq.number == 2


def test_a_late_ringing_does_not_undo_an_answer() -> None:
    call = outgoing()
    answer(call, 200, BOB)
    states = []
    for _ in range(2):
        answer(call, 180, tag="another")
        states.append(call.state)
        call.end("bye")
    assert states == [CallState.UP, CallState.ENDED]


@pytest.mark.parametrize("status", [302, 404, 486, 487, 503, 603])
def test_a_failure_ends_the_call(status: int) -> None:
    call = outgoing()
    answer(call, 180)
    assert answer(call, status) is None
    assert (call.state, call.status, call.bye(TCP)) == (CallState.ENDED, status, None)


def test_a_200_from_nowhere_ends_the_call() -> None:
    call = outgoing()
    assert answer(call, 200) is None
    assert (call.state, call.ending, call.bye(TCP)) == (CallState.ENDED, "no contact", None)


def test_the_one_who_called_hangs_up() -> None:
    call = outgoing()
    answer(call, 200, BOB, *RECORDED)
    bye = call.bye(TCP)
    assert bye is not None
    bye = received_request(bye.encode())
    assert (bye.method, bye.uri, bye.cseq.number) == ("BYE", "sip:bob@203.0.113.5:5070;transport=tcp", 2)
    assert bye.headers.values("route") == ["<sip:near@192.0.2.9;lr>", "<sip:far@192.0.2.9;lr>"]
    assert (call.state, call.bye(TCP)) == (CallState.ENDED, None)
    ack = answer(call, 200, BOB, *RECORDED)
    assert ack is not None, "a 200 that comes again still wants its ACK"
    assert call.state is CallState.ENDED


def test_the_first_reason_of_an_end_stands_unless_there_is_a_better_one() -> None:
    call = outgoing()
    call.end("bye")
    call.end()
    assert (call.state, call.ending) == (CallState.ENDED, "bye")
    call.end("no answer")
    assert call.ending == "no answer"
