"""Claims about a 2xx that comes too late: it is acknowledged, and the call that it begins is ended at once."""

from __future__ import annotations

from tests.proxy.fork import branch, flow
from tests.support.sip_messages import received_response, request

from ringwake.model.effects import NOTHING, Effects, Forward, Relay
from ringwake.proxy.hang_up import hang_up
from ringwake.proxy.routing import Hop, forward
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply

OURS = ("<sip:a@192.0.2.1;lr>", "<sip:b@192.0.2.1;lr>")
CONTACT = ("contact", "<sip:alice@203.0.113.7>")


def invite() -> Request:
    """Return an INVITE that a proxy before us has recorded itself in, as it goes to a phone."""
    came = request("INVITE", "Contact: <sip:boss@198.51.100.7>", "Record-Route: <sip:before.example;lr>")
    return forward(came, Hop(flow=flow(), branch=branch("a"), uri="sip:alice@203.0.113.7", record_routes=OURS))


def answer(sent: Request, *fields: tuple[str, str]) -> Response:
    routes = [("record-route", text) for text in sent.headers.texts("record-route")]
    return received_response(reply(sent, 200, to_tag="phone", headers=[*fields, *routes]).encode())


def requests(effects: Effects) -> list[Request]:
    return [effect.request for effect in effects if isinstance(effect, Relay | Forward) and effect.flow == flow()]


def test_it_gets_its_ack_and_a_bye_in_the_callers_dialog() -> None:
    sent = invite()
    effects = hang_up(sent, answer(sent, CONTACT), flow(), is_first=True)
    assert [type(effect) for effect in effects] == [Relay, Forward]
    ack, bye = requests(effects)
    number = sent.cseq.number
    assert [(r.method, r.cseq.number) for r in (ack, bye)] == [("ACK", number), ("BYE", number + 1)]
    for made in (ack, bye):
        assert (made.uri, made.call_id) == ("sip:alice@203.0.113.7", sent.call_id)
        assert made.headers.get("from") == sent.headers.get("from")
        assert (made.headers.get("to") or "").endswith(";tag=phone")
        assert made.headers.values("route") == [], "the proxies before us have no part in it"
    assert len({made.via.branch for made in (sent, ack, bye)}) == 3


def test_it_goes_by_the_proxies_behind_us() -> None:
    sent = invite()
    behind = ("record-route", "<sip:far.example;lr>, <sip:near.example;lr>")
    ack, bye = requests(hang_up(sent, answer(sent, CONTACT, behind), flow(), is_first=True))
    for made in (ack, bye):
        assert made.headers.values("route") == ["<sip:near.example;lr>", "<sip:far.example;lr>"]


def test_each_has_its_ack_and_one_bye_is_enough() -> None:
    sent = invite()
    effects = hang_up(sent, answer(sent, CONTACT), flow(), is_first=False)
    assert [made.method for made in requests(effects)] == ["ACK"]


def test_one_without_a_contact_is_let_go() -> None:
    sent = invite()
    assert hang_up(sent, answer(sent), flow(), is_first=True) == NOTHING
