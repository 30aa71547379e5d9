"""Claims about responses built from requests."""

import pytest
from tests.support.sip_messages import octets, received_request, request

from ringwake.sip.replies import has_tag, reply, stateless_reply

VIAS = ["v: SIP/2.0/UDP one;branch=z9hG4bK-1, SIP/2.0/TCP two", "Via: SIP/2.0/UDP three"]


def test_a_response_copies_what_the_rfc_names_and_nothing_else() -> None:
    lines = ["f: <sip:a@h>;tag=1", "t: <sip:b@h>", "i: c1", "CSeq: 5 OPTIONS", "X-Foo: bar", "Route: <sip:r>"]
    response = reply(received_request(octets("OPTIONS sip:h SIP/2.0", *VIAS, *lines)), 404, to_tag="t9")
    assert response.encode() == octets(
        "SIP/2.0 404 Not Found",
        "Via: SIP/2.0/UDP one;branch=z9hG4bK-1, SIP/2.0/TCP two",
        "Via: SIP/2.0/UDP three",
        "From: <sip:a@h>;tag=1",
        "To: <sip:b@h>;tag=t9",
        "Call-ID: c1",
        "CSeq: 5 OPTIONS",
        "Content-Length: 0",
    )


def test_a_response_carries_more_fields_and_a_body() -> None:
    response = reply(request(), 200, headers=[("content-type", "text/plain"), ("x-foo", "bar")], body=b"hi")
    assert response.headers.get("content-type") == "text/plain"
    assert response.headers.get("x-foo") == "bar"
    assert response.encode().endswith(b"Content-Length: 2\r\n\r\nhi")


@pytest.mark.parametrize(("status", "expected"), [(100, "54"), (180, None), (200, None)])
def test_only_a_100_copies_the_timestamp(status: int, expected: str | None) -> None:
    response = reply(request("INVITE", "Timestamp: 54"), status)  # section 8.2.6.1
    assert response.headers.get("timestamp") == expected


def test_a_100_needs_no_timestamp_and_no_tag() -> None:
    response = reply(request("INVITE"), 100)
    assert "timestamp" not in response.headers
    assert response.headers.get("to") == "<sip:bob@example.com>"


def test_a_tag_that_is_there_stays() -> None:
    assert reply(request("BYE", to_tag="b7"), 200, to_tag="new").headers.get("to") == "<sip:bob@example.com>;tag=b7"


def test_what_is_missing_cannot_be_copied() -> None:
    message = received_request(octets("OPTIONS sip:h SIP/2.0", "Via: SIP/2.0/UDP h"))
    assert [key for key, _ in reply(message, 400, to_tag="t").headers] == ["via"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("<sip:a@h>;tag=1", True),
        ("<sip:a@h> ;x ; TAG \t= 1", True),
        ("sip:a@h;tag=1", True),
        ("<sip:a@h>", False),
        ("<sip:a@h;tag=1>", False),
        ('";tag=1" <sip:a@h>', False),
        ("<sip:a@h>;xtag=1", False),
        ("", False),
    ],
)
def test_a_tag_is_seen_without_parsing(text: str, expected: bool) -> None:
    assert has_tag(text) is expected


def test_a_request_without_a_transaction_gets_the_same_tag_again() -> None:
    first, again, other = request(), request(), request(seq=2)  # section 8.2.7
    assert stateless_reply(first, 503).encode() == stateless_reply(again, 503).encode()
    more = stateless_reply(first, 503, headers=[("retry-after", "5")])
    assert more.headers.get("retry-after") == "5"
    assert has_tag(stateless_reply(first, 503).headers.get("to") or "")
    assert stateless_reply(first, 503).headers.get("to") != stateless_reply(other, 503).headers.get("to")
