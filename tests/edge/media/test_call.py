"""Which description is an offer, which one an answer, and how its reader wants it."""

from __future__ import annotations

import pytest
from tests.edge.media.scripted_relay import SDP
from tests.support.sip_messages import TCP, answer, request

from ringwake.edge.media.call import Leg, RelayedCall, manner_of, rewritten, tags
from ringwake.model.media import BROWSER, PLAIN, Described, Dialog, Manner, NotRelayed, Role
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.layer import TransactionLayer

TYPE = "Content-Type: application/sdp"
ICE = b"a=ice-ufrag:abcd\r\n"
WEB = SDP.replace(b"RTP/AVP", b"UDP/TLS/RTP/SAVPF") + ICE
FAX = SDP.replace(b"audio 4000 RTP/AVP 0", b"image 4000 udptl t38")


def asking(method: str, body: bytes = b"", *, to_tag: str = "", branch: str = "z9hG4bK-1") -> Request:
    return request(method, *((TYPE,) if body else ()), body=body, to_tag=to_tag, branch=branch)


def saying(asked: Request, status: int, body: bytes = b"", *, tag: str = "b1") -> Response:
    said = answer(asked, status, to_tag=tag)
    if body:
        said.headers.set("content-type", "application/sdp")
        said.body = body
    return said


def sent(call: RelayedCall, asked: Request, guess: Manner | None = None) -> tuple[Leg, Role | None]:
    leg, exchange = call.sent(asked, guess)
    assert leg is not None
    return leg, exchange.role if exchange else None


def from_callee(method: str, body: bytes = b"", *, branch: str = "z9hG4bK-9") -> Request:
    asked = asking(method, body, to_tag="x", branch=branch)
    asked.headers.set("from", "<sip:bob@example.com>;tag=b1")
    asked.headers.set("to", "<sip:alice@example.com>;tag=a1")
    return asked


def test_responses_to_an_offer_are_answers() -> None:
    call = RelayedCall("c")
    leg, role = sent(call, asking("INVITE", SDP))
    assert role is Role.OFFER
    for status in (183, 200):
        _, exchange = call.heard(leg, saying(leg.request, status, SDP))
        assert exchange is not None
        assert exchange.role is Role.ANSWER
        assert exchange.writer == "b1"
        assert (exchange.dialog.offerer, exchange.dialog.answerer) == ("a1", "b1")
        assert exchange.dialog.branch == "z9hG4bK-1"


def test_an_offer_in_a_provisional_response_is_answered_by_prack_once() -> None:
    call = RelayedCall("c")
    leg, role = sent(call, asking("INVITE"))
    assert role is None
    _, exchange = call.heard(leg, saying(leg.request, 183, SDP))
    assert exchange is not None
    assert exchange.role is Role.OFFER
    assert exchange.writer == "b1"
    prack, role = sent(call, asking("PRACK", SDP, to_tag="b1", branch="z9hG4bK-2"))
    assert role is Role.ANSWER
    assert call.heard(prack, saying(prack.request, 200, SDP))[1] is None  # nothing was offered to it
    again, role = sent(call, asking("PRACK", SDP, to_tag="b1", branch="z9hG4bK-3"))
    assert role is Role.OFFER
    _, exchange = call.heard(again, saying(again.request, 200, SDP))
    assert exchange is not None
    assert exchange.role is Role.ANSWER


def test_messages_without_a_description_and_failures_ask_for_nothing() -> None:
    call = RelayedCall("c")
    leg, _ = sent(call, asking("INVITE", SDP))
    for status, body in ((180, b""), (488, SDP)):
        assert call.heard(leg, saying(leg.request, status, body))[1] is None
    assert call.sent(asking("INFO", SDP, to_tag="b1"), None) == (None, None)
    assert call.sent(asking("ACK", to_tag="b1"), None) == (None, None)


def test_an_ack_with_a_description_is_an_answer() -> None:
    leg, exchange = RelayedCall("c").sent(asking("ACK", SDP, to_tag="b1"), None)
    assert leg is None
    assert exchange is not None
    assert exchange.role is Role.ANSWER
    assert (exchange.dialog.offerer, exchange.dialog.answerer, exchange.writer) == ("b1", "a1", "a1")


def test_a_2xx_that_came_before_is_rewritten_as_then() -> None:
    call = RelayedCall("c")
    leg, _ = sent(call, asking("INVITE", SDP))
    leg.rewritten["b1"] = (SDP, b"other")
    response, exchange = call.heard(leg, saying(leg.request, 200, SDP))
    assert (response.body, exchange) == (b"other", None)
    assert call.heard(leg, saying(leg.request, 200, WEB))[1] is not None
    assert call.heard(leg, saying(leg.request, 200, SDP, tag="b2"))[1] is not None


@pytest.mark.parametrize(
    ("body", "guess", "to"),
    [
        (WEB, PLAIN, PLAIN),
        (SDP, BROWSER, BROWSER),
        (SDP, None, Manner()),
        (WEB, None, Manner(is_ice=True)),
        (FAX, PLAIN, Manner()),
        (FAX, BROWSER, Manner()),
    ],
)
def test_a_first_offer_goes_by_where_it_is_sent(body: bytes, guess: Manner | None, to: Manner) -> None:
    _, exchange = RelayedCall("c").sent(asking("INVITE", body), guess)
    assert exchange is not None
    assert exchange.to == to


def test_the_answer_and_later_offers_go_by_what_the_reader_wrote() -> None:
    call = RelayedCall("c")
    leg, _ = sent(call, asking("INVITE", WEB), PLAIN)
    _, exchange = call.heard(leg, saying(leg.request, 200, SDP))
    assert exchange is not None
    assert exchange.to == manner_of(WEB) == BROWSER
    _, exchange = call.sent(from_callee("INVITE", SDP), None)
    assert exchange is not None
    assert exchange.to == BROWSER
    _, exchange = call.sent(asking("UPDATE", WEB, to_tag="b1"), None)
    assert exchange is not None
    assert exchange.to == manner_of(SDP)


def test_a_pbx_that_wrote_something_else_itself_is_offered_that_again() -> None:
    call = RelayedCall("c")
    sent(call, from_callee("INVITE", SDP.replace(b"RTP/AVP", b"RTP/SAVP")))
    _, exchange = call.sent(asking("INVITE", WEB, to_tag="b1"), PLAIN)
    assert exchange is not None
    assert exchange.to == Manner("RTP/SAVP")


def test_an_offer_to_a_caller_who_made_none_goes_by_its_flow() -> None:
    call = RelayedCall("c")
    invite = asking("INVITE")
    call.came(invite, BROWSER)
    call.came(invite, None)
    leg, _ = sent(call, invite)
    _, exchange = call.heard(leg, saying(invite, 200, SDP))
    assert exchange is not None
    assert exchange.to == BROWSER


def idle(call: RelayedCall) -> bool:
    return call.is_idle


def test_a_call_is_idle_when_nothing_more_is_to_come() -> None:
    call = RelayedCall("c")
    assert idle(call)
    invite = asking("INVITE", SDP)
    transaction = TransactionLayer().adopt(invite, TCP)
    call.waiting.add(transaction)
    assert not idle(call)
    leg, _ = sent(call, invite)
    call.waiting.clear()
    assert not idle(call)
    call.heard(leg, saying(invite, 200, SDP))
    assert not idle(call)
    call.hung_up(from_callee("BYE"))
    assert idle(call)


def test_the_dialog_is_the_callers_whoever_hangs_up() -> None:
    call = RelayedCall("c")
    sent(call, asking("INVITE", SDP))
    dialog = Dialog(call_id="c", offerer="a1", answerer="b1")
    assert call.hung_up(asking("BYE", to_tag="b1")) == call.hung_up(from_callee("BYE")) == dialog


def test_tags_that_cannot_be_read_are_empty() -> None:
    message = asking("INVITE")
    message.headers.set("from", "<sip:a@b>;tag=1, <sip:c@d>")
    assert tags(message) == ("", "")


def test_only_a_description_of_the_relay_changes_a_message() -> None:
    invite = asking("INVITE", SDP)
    _, exchange = RelayedCall("c").sent(invite, None)
    assert rewritten(invite, exchange, NotRelayed("x")) is invite
    assert rewritten(invite, exchange, None) is invite
    assert rewritten(invite, None, Described(b"other")) is invite
    assert rewritten(invite, exchange, Described(b"other")).body == b"other"
    assert invite.body == SDP


@pytest.mark.parametrize("sdp", [b"", b"m=audio\n", b"m=audio 1\r\n", b"\xff\xfe\nm=\xff \xff \xff"])
def test_a_malformed_description_has_no_manner(sdp: bytes) -> None:
    assert manner_of(sdp) == Manner()
