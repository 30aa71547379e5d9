"""Broken and odd messages of the shapes of RFC 4475 sections 3.1.2 to 3.4, each our own: answered, refused or dropped.

What needs the second layer (416, 420, 483, 501 ...) is claimed by the tests of `proxy.validation`: here such a message
must only survive reading.
"""

import pytest
from tests.support.sip_messages import UDP, octets, received_request, request_fields

from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import address, expires, max_forwards, option_tags
from ringwake.sip.parser import parse
from ringwake.sip.transactions.events import Dropped, Event
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.uri import parse_uri

INVITE = request_fields("INVITE")


def became(received: bytes) -> tuple[list[Event], list[bytes]]:
    """What the transaction layer makes of a datagram: events, and the first lines of its answers."""
    layer = TransactionLayer()
    layer.receive(parse(received), UDP, 0.0)
    return layer.events(), [sent.partition(b"\r\n")[0] for _, sent in layer.outputs()]


@pytest.mark.parametrize(
    ("fields", "body"),
    [
        (["Via: SIP/2.0/UDP h;;;,,;", *INVITE[1:]], b""),
        ([*INVITE, "Content-Length: 9999"], b"v=0\r\n"),
        ([*INVITE, "Content-Length: -1"], b"v=0\r\n"),
        ([*INVITE, "Content-Length: 13", "Content-Length: 5"], b"v=0\r\n"),
        ([*INVITE, "Call-ID: another", "From: <sip:b@h>", "CSeq: 8 INVITE", "Max-Forwards: 5"], b""),
        ([*INVITE, "To\x01: <sip:b@h>"], b""),
        ([*INVITE, "X : a\x00b"], b""),
    ],
    ids=["badinv", "clerr", "ncl", "mcl", "multi", "control", "nul"],
)
def test_a_broken_request_is_answered_400(fields: list[str], body: bytes) -> None:
    received = octets("INVITE sip:h SIP/2.0", *fields, body=body)
    (event,), answers = became(received)
    if isinstance(event, Dropped):
        assert answers == [b"SIP/2.0 400 Bad Request"]
    else:
        defect = received_request(received).defect
        assert defect is not None
        assert defect.status == 400


@pytest.mark.parametrize(
    "start",
    [
        "INVITE <sip:a@h> SIP/2.0",
        "INVITE sip:a@h ;lr SIP/2.0",
        "INVITE  sip:a@h  SIP/2.0",
        "INVITE sip:a@h SIP/2.0  ",
    ],
)
def test_a_broken_request_line_is_a_defect(start: str) -> None:
    defect = received_request(octets(start, *INVITE)).defect
    assert defect is not None
    assert defect.status == 400


def test_an_unknown_version_is_answered_505() -> None:
    fields = ["Via: SIP/7.0/UDP h;branch=z9hG4bK-7", *request_fields()[1:]]
    message = received_request(octets("OPTIONS sip:h SIP/7.0", *fields))
    assert message.defect is not None
    assert message.defect.status == 505
    assert message.via.branch == "z9hG4bK-7"


def test_scalars_that_are_too_large_are_no_numbers() -> None:
    fields = ["Expires: 9999999999999999999999999", "Max-Forwards: 300", "Contact: <sip:a@h>;expires=99999999999999"]
    message = received_request(octets("REGISTER sip:h SIP/2.0", *fields, "CSeq: 99999999999999999999 REGISTER"))
    with pytest.raises(ParseError):
        _ = message.cseq
    assert max_forwards(message.headers) is None
    assert expires(message.headers) is None


@pytest.mark.parametrize(
    "received",
    [
        octets("SIP/2.0 503 x", *request_fields()[:-1], "CSeq: 99999999999999999999 OPTIONS"),
        octets(
            "SIP/2.0 200 OK",
            "Via: SIP/2.0/UDP 192.0.2.99;branch=z9hG4bK-x",
            "Via: SIP/2.0/UDP 255.255.255.255",
            *INVITE[2:],
        ),
        octets("SIP/2.0 100 ", *INVITE),
    ],
    ids=["scalarlg", "bcast", "noreason"],
)
def test_a_response_to_nothing_is_dropped(received: bytes) -> None:
    (event,), answers = became(received)
    assert isinstance(event, Dropped)
    assert answers == []


@pytest.mark.parametrize("received", [octets("SIP/2.0 8589934792 big", *INVITE), b"INVITE\r\nno colon\r\n\r\n"])
def test_what_cannot_be_answered_is_refused(received: bytes) -> None:
    with pytest.raises(ParseError):
        parse(received)


@pytest.mark.parametrize(
    "value",
    [
        '"A. B <sip:a@h>',
        "B, A <sip:a@h>",
        '"B, A" < sip:a@h >',
        "sip:a@h?Route=%3Csip:b%3E",
    ],
    ids=["quotbal", "baddn", "badaspec", "regbadct"],
)
def test_a_broken_address_is_refused(value: str) -> None:
    with pytest.raises(ParseError):
        parse_address(value)


def test_headers_in_the_request_uri_are_seen() -> None:
    assert parse_uri("sip:a@h?Route=%3Csip:b%3E").headers


def test_a_date_that_is_none_of_our_business_is_kept() -> None:
    message = received_request(octets("INVITE sip:h SIP/2.0", *INVITE, "Date: Tue, 24 Nov 2026 03:00:00 CET"))
    assert message.defect is None
    assert message.headers.get("date") == "Tue, 24 Nov 2026 03:00:00 CET"


def test_a_mismatched_method_survives_for_its_answer() -> None:
    message = received_request(octets("NEWMETHOD sip:h SIP/2.0", *INVITE))
    assert message.defect is None
    assert (message.method, message.cseq.method) == ("NEWMETHOD", "INVITE")


@pytest.mark.parametrize("branch", ["z9hG4bK", "no-cookie", ""])
def test_a_branch_that_is_not_unique_is_matched_by_the_old_rules(branch: str) -> None:
    received = octets("OPTIONS sip:h SIP/2.0", f"Via: SIP/2.0/UDP h;branch={branch}", *request_fields()[1:])
    layer = TransactionLayer()
    for _ in range(2):
        layer.receive(parse(received), UDP, 0.0)
    assert len(layer.events()) == 1


def test_an_old_invite_lacks_much_and_is_read() -> None:
    fields = ["Via: SIP/2.0/UDP gw.test", "From: <sip:+1@gw.test;user=phone>"]
    message = received_request(
        octets("INVITE sip:h SIP/2.0", *fields, "To: sip:b@h", "Call-ID: 1", "CSeq: 5 INVITE", body=b"v=0")
    )
    assert message.body == b"v=0"
    assert max_forwards(message.headers) is None
    assert len(became(message.encode())[0]) == 1


def test_missing_fields_leave_the_rest_for_the_answer() -> None:
    message = received_request(octets("INVITE sip:h SIP/2.0", INVITE[0], "CSeq: 5 INVITE"))
    assert message.defect is None
    with pytest.raises(ParseError):
        address(message.headers, "from")


@pytest.mark.parametrize("uri", ["made-up:anything", "soap.beep://h:1"])
def test_an_unknown_scheme_is_416(uri: str) -> None:
    message = received_request(octets(f"OPTIONS {uri} SIP/2.0", *request_fields()))
    assert message.defect is None
    with pytest.raises(ParseError) as caught:
        parse_uri(message.uri)
    assert caught.value.status == 416


def test_unknown_schemes_elsewhere_are_kept() -> None:
    assert [parse_address(value).uri for value in ("isbn:978", "<http://h/x>", "<name:J>")] == [
        "isbn:978",
        "http://h/x",
        "name:J",
    ]


def test_extensions_are_listed() -> None:
    message = received_request(octets("OPTIONS sip:h SIP/2.0", "Require: notThis, norThis"))
    assert option_tags(message.headers, "require") == ["notthis", "northis"]


@pytest.mark.parametrize(
    ("value", "in_uri", "in_header"),
    [
        ("sip:+1@h;odd", False, True),
        ("<sip:+1@h;odd>", True, False),
    ],
)
def test_brackets_decide_whose_parameter_it_is(value: str, in_uri: bool, in_header: bool) -> None:
    contact = parse_address(value)
    assert ("odd" in contact.sip_uri.params, "odd" in contact.params) == (in_uri, in_header)


def test_escaped_headers_in_a_contact_are_kept() -> None:
    contact = parse_address("<sip:a@h?Route=%3Csip:b%3E>")
    assert contact.sip_uri.headers == "Route=%3Csip:b%3E"
