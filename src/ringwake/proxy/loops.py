"""Loop detection (RFC 5393 section 4): has this request been forwarded by us before, to where it would go again?

Each branch of ours ends in a keyed mark of what decides where a request goes. A request with a Via that ends in the
mark it would get now is a loop. One that has come back for somebody else, a spiral, has another mark and goes on.
"""

from __future__ import annotations

from ringwake.model.ports import Seal
from ringwake.sip.errors import SipError
from ringwake.sip.fields import address
from ringwake.sip.message import Request
from ringwake.sip.via import parse_via

_DIGITS = 16


def loop_mark(request: Request, seal: Seal) -> str:
    """Return the mark of a request: the same for all methods of a call (RFC 5393 section 4.2.1).

    A stored MESSAGE goes on under a Call-ID and CSeq of ours, so these do not count; the tags stay.

    Args:
        request: our own Routes taken off.
        seal: makes marks that nobody else can make, so no Via of another proxy is mistaken for ours.

    Raises:
        ParseError: From, To or a Route is malformed.
    """
    headers = request.headers
    tags = [address(headers, key).tag or "" for key in ("from", "to")]
    said = "\0".join([request.uri, *tags, *headers.values("route")])
    return "." + seal.digest("loop", said.encode("utf-8", "surrogateescape"))[:_DIGITS]


def check_loop(request: Request, seal: Seal) -> None:
    """Refuse a request that goes in a circle (RFC 5393 section 4.2.2).

    Raises:
        SipError: 482 for a loop.
        ParseError: a field that decides is malformed.
    """
    mark = loop_mark(request, seal)
    if any(parse_via(value).branch.endswith(mark) for value in request.headers.values("via")):
        raise SipError(482, "the request has been here before, unchanged")
