"""Claims about which transaction a message belongs to."""

import pytest
from tests.support.sip_messages import octets, received_request, received_response, request, request_fields

from ringwake.sip.errors import ParseError
from ringwake.sip.message import Request
from ringwake.sip.transactions.key import ServerKey, client_key, own_method, server_key


def key(message: Request, method: str = "") -> ServerKey:
    return server_key(message, message.via, method or own_method(message))


def old_request(method: str = "INVITE", *, via: str = "SIP/2.0/UDP h", **changed: str) -> Request:
    """A request of RFC 2543: no branch that is unique."""
    fields = {
        "Via": via,
        "From": "<sip:a@h>;tag=a1",
        "To": "<sip:b@h>",
        "Call-ID": "c1",
        "CSeq": f"1 {method}",
        "uri": "sip:b@h",
        **changed,
    }
    uri = fields.pop("uri")
    return received_request(octets(f"{method} {uri} SIP/2.0", *(f"{name}: {text}" for name, text in fields.items())))


def test_branch_sent_by_and_method_make_the_key() -> None:
    assert key(request("INVITE", branch="z9hG4bK-x"))[:3] == ("z9hG4bK-x", "198.51.100.7:40112", "INVITE")
    assert key(request("INVITE")) == key(request("INVITE", seq=9, uri="sip:elsewhere", to_tag="b1"))


def test_an_ack_belongs_to_its_invite_and_a_cancel_finds_it() -> None:
    assert key(request("ACK")) == key(request("INVITE"))
    assert key(request("CANCEL")) != key(request("INVITE"))
    assert key(request("CANCEL"), "INVITE") == key(request("INVITE"))


def test_a_branch_that_is_used_twice_brings_nobody_the_answer_to_another_request() -> None:
    lines = ["Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK-1", *request_fields("REGISTER")[1:]]
    one = received_request(octets("REGISTER sip:h SIP/2.0", *lines))
    call = received_request(octets("REGISTER sip:h SIP/2.0", *lines[:-2], "Call-ID: other", lines[-1]))
    uri = received_request(octets("REGISTER sip:i SIP/2.0", *lines))
    assert len({key(one), key(call), key(uri)}) == 3
    assert key(one) == key(received_request(one.encode()))


def test_the_request_uri_of_an_invite_does_not_count_since_its_ack_may_have_another() -> None:
    """RFC 3261 section 17.1.1.3 forbids that, and it is done; 17.2.3 does not ask."""
    assert key(request("ACK", uri="sip:bob@192.0.2.9")) == key(request("INVITE"))
    assert key(request("CANCEL", uri="sip:bob@192.0.2.9"), "INVITE") == key(request("INVITE"))


def test_the_same_branch_of_another_sender_is_another_transaction() -> None:
    one = received_request(octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/UDP one;branch=z9hG4bK-1"))
    other = received_request(octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/UDP other;branch=z9hG4bK-1"))
    port = received_request(octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/UDP one:5060;branch=z9hG4bK-1"))
    assert len({key(one), key(other), key(port)}) == 3


@pytest.mark.parametrize("via", ["SIP/2.0/UDP h", "SIP/2.0/UDP h;branch=old", "SIP/2.0/UDP h;branch=z9hG4bK"])
def test_without_a_unique_branch_the_rules_of_rfc_2543_hold(via: str) -> None:
    invite = old_request(via=via)
    assert key(invite) == key(old_request(via=via))
    assert key(invite) == key(old_request("ACK", via=via, To="<sip:b@h>;tag=b1"))
    assert key(invite) == key(old_request("CANCEL", via=via), "INVITE")
    for changed in (
        old_request(via=via, uri="sip:c@h"),
        old_request(via=via, From="<sip:a@h>;tag=a2"),
        old_request(via=via, **{"Call-ID": "c2"}),
        old_request(via=via, CSeq="2 INVITE"),
        old_request("CANCEL", via=via),
        old_request(via="SIP/2.0/UDP other"),
        old_request(via="SIP/2.0/UDP h;branch=new"),
    ):
        assert key(changed) != key(invite)


@pytest.mark.parametrize("broken", [{"CSeq": "x"}, {"From": ""}, {"From": "<sip:a"}])
def test_an_old_request_needs_what_it_is_matched_by(broken: dict[str, str]) -> None:
    with pytest.raises(ParseError):
        key(old_request(**broken))


def test_a_response_belongs_to_branch_and_method() -> None:
    fields = request_fields("CANCEL", branch="z9hG4bK-x")
    assert client_key(received_response(octets("SIP/2.0 200 OK", *fields))) == ("z9hG4bK-x", "CANCEL")


@pytest.mark.parametrize("missing", ["Via", "CSeq"])
def test_a_response_needs_via_and_cseq(missing: str) -> None:
    fields = [field for field in request_fields() if not field.startswith(missing)]
    with pytest.raises(ParseError):
        client_key(received_response(octets("SIP/2.0 200 OK", *fields)))
