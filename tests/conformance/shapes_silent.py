"""Messages that nobody answers (RFC 4475 sections 3.1.1.12 and 13, 3.1.2.5 and 19, 3.3.10, and one of its archive)."""

from __future__ import annotations

from tests.conformance.shapes import Shape, offer
from tests.conformance.shapes_refused import HUGE

REASON = "= 2**3 * 5**2 \u0434\u0432\u0435\u0441\u0442\u0438 \u0431\u0435\u0437 \u043e\u0434\u043d\u043e\u0433\u043e"


def response(name: str, start: str, *more: str, cseq: str = "35 INVITE", body: bytes = b"") -> Shape:
    """Write a response to a request that nobody has sent."""
    lines = [
        start,
        "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324TOKEN",
        *more,
        f"Call-ID: {name}.TOKEN",
        f"CSeq: {cseq}",
        "From: sip:mara@harbour.test;tag=11141343",
        "To: sip:tim@elsewhere.test;tag=2229",
        "Content-Length: LENGTH",
        "Contact: <sip:tim@quay.elsewhere.test>",
    ]
    return Shape("\n".join(lines), body)


RESPONSES = {
    "unreason": response("unreason", f"SIP/2.0 200 {REASON}", "Content-Type: application/sdp", body=offer()),
    "noreason": response("noreason", "SIP/2.0 100\x20"),
    "scalarlg": response(
        "scalarlg",
        "SIP/2.0 503 Service Unavailable",
        "Retry-After: 949302838503028349304023988",
        'Warning: 1812 overture "In Progress"',
        cseq=f"{HUGE} OPTIONS",
    ),
    "bigcode": response("bigcode", "SIP/2.0 4294967301 better not break the receiver"),
    "bcast": response(
        "bcast",
        "SIP/2.0 200 OK",
        "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber",
        "Content-Type: application/sdp",
        body=offer(),
    ),
}
TEST = Shape(
    """
INVITE sip:mara@harbour.test
To: <sip:mara@harbour.test>
From: <sip:tim@elsewhere.test>;tag=TOKEN
a line without a colon
CSeq: 1 INVITE
Content-Length: 0
"""
)
"""No Via, no version, a line that is no field."""
