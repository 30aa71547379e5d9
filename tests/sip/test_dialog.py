"""Claims about dialogs as a user agent keeps them."""

import pytest
from tests.support.sip_messages import request

from ringwake.sip.dialog import Dialog, callee_dialog, caller_dialog
from ringwake.sip.errors import ParseError
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply

VIA = "SIP/2.0/TCP 192.0.2.1;branch=z9hG4bK-new"
ROUTES = ["Record-Route: <sip:p3;lr>, <sip:p2;lr>", "Record-Route: <sip:p1;lr>"]


def call(*contacts: str) -> tuple[Request, Response]:
    """An INVITE that came over three proxies, and its 200 with these contacts."""
    invite = request("INVITE", *ROUTES, "Contact: <sip:alice@a.test>", seq=7)
    response = reply(invite, 200, to_tag="b1")
    for route in invite.headers.texts("record-route"):
        response.headers.append("record-route", route)
    for contact in contacts:
        response.headers.append("contact", contact)
    return invite, response


def test_each_side_knows_the_dialog_by_its_own_tag_first() -> None:
    both = call("<sip:bob@b.test>")
    assert caller_dialog(*both).key == ("call-1@198.51.100.7", "a1", "b1")
    assert callee_dialog(*both).key == ("call-1@198.51.100.7", "b1", "a1")


def test_the_caller_sends_to_the_callee_along_the_reversed_route() -> None:
    dialog = caller_dialog(*call("<sip:bob@b.test>"))
    bye = dialog.request("BYE", via=VIA)
    assert (bye.method, bye.uri) == ("BYE", "sip:bob@b.test")
    assert list(bye.headers) == [
        ("via", VIA),
        ("max-forwards", "70"),
        ("route", "<sip:p1;lr>"),
        ("route", "<sip:p2;lr>"),
        ("route", "<sip:p3;lr>"),
        ("from", "<sip:alice@example.com>;tag=a1"),
        ("to", "<sip:bob@example.com>;tag=b1"),
        ("call-id", "call-1@198.51.100.7"),
        ("cseq", "8 BYE"),
    ]


def test_the_callee_sends_to_the_caller_along_the_route_as_it_stands() -> None:
    bye = callee_dialog(*call()).request("BYE", via=VIA)
    assert bye.uri == "sip:alice@a.test"
    assert bye.headers.values("route") == ["<sip:p3;lr>", "<sip:p2;lr>", "<sip:p1;lr>"]
    assert bye.headers.get("from") == "<sip:bob@example.com>;tag=b1"
    assert bye.headers.get("to") == "<sip:alice@example.com>;tag=a1"
    assert bye.headers.get("cseq") == "1 BYE"


def test_sequence_numbers_count_on_but_an_ack_takes_its_invites() -> None:
    dialog = caller_dialog(*call("<sip:bob@b.test>"))
    assert dialog.request("INVITE", via=VIA).cseq.number == 8
    assert dialog.request("ACK", via=VIA, seq=8).cseq == (8, "ACK")
    assert dialog.request("BYE", via=VIA).cseq.number == 9


@pytest.mark.parametrize("contacts", [[], [""], ["sip:b?x=y"]])
def test_a_dialog_needs_a_contact(contacts: list[str]) -> None:
    with pytest.raises(ParseError):
        caller_dialog(*call(*contacts))
    with pytest.raises(ParseError):
        callee_dialog(request("INVITE"), call()[1])


def test_an_early_request_may_lack_addresses() -> None:
    invite, response = call("<sip:bob@b.test>")
    for key in ("from", "to"):
        invite.headers.remove(key)
        response.headers.remove(key)
    for dialog in (caller_dialog(invite, response), callee_dialog(invite, response)):
        assert isinstance(dialog, Dialog)
        assert (dialog.local, dialog.remote) == ("", "")
