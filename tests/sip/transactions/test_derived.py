"""Claims about ACK and CANCEL as a client transaction builds them."""

import pytest
from tests.support.sip_messages import answer, octets, received_request, request

from ringwake.sip.transactions.derived import ack_to_failure, cancel

ROUTES = ["Route: <sip:p1;lr>, <sip:p2;lr>", "Route: <sip:p3;lr>"]


def test_an_ack_to_a_failure_is_the_invite_again_with_the_answered_to() -> None:
    invite = request("INVITE", "Via: SIP/2.0/UDP caller", *ROUTES, "Require: x", "Contact: <sip:a>", seq=7, body=b"x")
    ack = ack_to_failure(invite, answer(invite, 486))
    assert (ack.method, ack.uri, ack.body) == ("ACK", invite.uri, b"")
    assert list(ack.headers) == [
        ("via", "SIP/2.0/UDP 198.51.100.7:40112;branch=z9hG4bK-1;rport"),
        ("max-forwards", "70"),
        ("route", "<sip:p1;lr>, <sip:p2;lr>"),
        ("route", "<sip:p3;lr>"),
        ("from", "<sip:alice@example.com>;tag=a1"),
        ("to", "<sip:bob@example.com>;tag=b1"),
        ("call-id", "call-1@198.51.100.7"),
        ("cseq", "7 ACK"),
    ]


@pytest.mark.parametrize("reason", ["", 'SIP;cause=200;text="Call completed elsewhere"'])
def test_a_cancel_is_the_invite_again_with_its_own_to_and_a_reason(reason: str) -> None:
    invite = request("INVITE", *ROUTES, "Require: x", "Proxy-Require: y", seq=7)
    request_to_cancel = cancel(invite, reason)
    assert (request_to_cancel.method, request_to_cancel.uri) == ("CANCEL", invite.uri)
    assert request_to_cancel.headers.get("via") == invite.headers.get("via")
    assert request_to_cancel.headers.get("to") == "<sip:bob@example.com>"
    assert request_to_cancel.headers.get("cseq") == "7 CANCEL"
    assert request_to_cancel.headers.values("route") == invite.headers.values("route")
    assert "require" not in request_to_cancel.headers
    assert "proxy-require" not in request_to_cancel.headers
    assert (request_to_cancel.headers.get("reason") or "") == reason


def test_what_the_invite_lacks_stays_empty() -> None:
    invite = received_request(octets("INVITE sip:h SIP/2.0", "Via: SIP/2.0/UDP h", "CSeq: 1 INVITE"))
    response = answer(request("INVITE"), 486)
    response.headers.remove("to")
    assert ack_to_failure(invite, response).headers.get("from") == ""
    assert cancel(invite, "").headers.get("to") == ""
