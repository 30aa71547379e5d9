"""Builders of SIP messages for tests: valid but for what the test changes."""

from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Request, Response
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply

LOCAL = Address("192.0.2.1", 5060)
PEER = Address("198.51.100.7", 40112)
UDP = Flow(Transport.UDP, LOCAL, PEER)
TCP = Flow(Transport.TCP, LOCAL, PEER, serial=1, node="n1")


def octets(start: str, *fields: str, body: bytes = b"") -> bytes:
    """Join a start line, whole field lines and a body."""
    return "\r\n".join((start, *fields, "", "")).encode("utf-8", "surrogateescape") + body


def request_fields(method: str = "OPTIONS", *, branch: str = "z9hG4bK-1", seq: int = 1, to_tag: str = "") -> list[str]:
    """Return the field lines that every request has."""
    return [
        f"Via: SIP/2.0/UDP {PEER};branch={branch};rport",
        "Max-Forwards: 70",
        "From: <sip:alice@example.com>;tag=a1",
        "To: <sip:bob@example.com>" + (f";tag={to_tag}" if to_tag else ""),
        "Call-ID: call-1@198.51.100.7",
        f"CSeq: {seq} {method}",
    ]


def request(
    method: str = "OPTIONS",
    *more: str,
    uri: str = "sip:bob@example.com",
    branch: str = "z9hG4bK-1",
    seq: int = 1,
    to_tag: str = "",
    body: bytes = b"",
) -> Request:
    """Return a request as the parser gives it; `more` are whole field lines."""
    fields = [*request_fields(method, branch=branch, seq=seq, to_tag=to_tag), *more, f"Content-Length: {len(body)}"]
    return received_request(octets(f"{method} {uri} SIP/2.0", *fields, body=body))


def received_request(received: bytes) -> Request:
    """Parse what is a request."""
    message = parse(received)
    assert isinstance(message, Request)
    return message


def received_response(received: bytes) -> Response:
    """Parse what is a response."""
    message = parse(received)
    assert isinstance(message, Response)
    return message


def answer(answered: Request, status: int, *, to_tag: str = "b1") -> Response:
    """Return a response to a request, as its sender receives it."""
    return received_response(reply(answered, status, to_tag="" if status == 100 else to_tag).encode())
