"""The second layer of reading: is this request one that can be served (RFC 3261 sections 8.2 and 16.3)?

The order of the checks is the order in which a caller wants to hear of its mistakes.
"""

from __future__ import annotations

from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.fields import address, contacts, max_breadth, max_forwards, parse_cseq
from ringwake.sip.headers import spelling
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, CANCEL, KNOWN, OPTIONS
from ringwake.sip.outbound import OUTBOUND, PATH
from ringwake.sip.uri import Uri, parse_uri
from ringwake.sip.via import parse_via

MAX_VIAS = 64
"""RFC 4475 longreq has 34 and is valid (reliability S16)."""
MAX_ROUTES = 32
_REQUIRED = ("via", "from", "to", "call-id", "cseq")


def validate(request: Request) -> Uri:
    """Check a request and return its Request-URI, parsed.

    Raises:
        SipError: with the status that answers it.
    """
    defect = request.defect
    if defect is not None:
        # Anew, since a raised error holds the frames that hold the request: the defect itself would close a circle.
        raise SipError(defect.status, defect.rule, defect.headers)
    _fields(request)
    if max_forwards(request.headers) == 0 and not _is_for_us(request):
        raise SipError(483, "Max-Forwards is used up")
    uri = parse_uri(request.uri)
    if uri.headers:
        raise ParseError("the Request-URI holds header fields")
    return uri


def _is_for_us(request: Request) -> bool:
    """Tell whether this is an OPTIONS to the server itself, which goes no further: a traceroute (section 11)."""
    return request.method == OPTIONS and "@" not in request.uri and "route" not in request.headers


def _fields(request: Request) -> None:
    headers = request.headers
    for key in _REQUIRED:
        if not headers.get(key):
            raise ParseError(f"{spelling(key)} is missing")
    vias = headers.values("via")
    if len(vias) > MAX_VIAS or len(headers.values("route")) + headers.count("record-route") > 2 * MAX_ROUTES:
        raise ParseError("there are too many Via or Route fields")
    for value in vias:
        parse_via(value)
    for key in ("from", "to"):
        address(headers, key)
    max_breadth(headers)
    sequence = parse_cseq(headers.get("cseq") or "")
    if sequence.method != request.method:
        # An unknown method with a wrong CSeq is first of all an unknown method (RFC 4475 section 3.1.2.18).
        raise ParseError("CSeq names another method", status=400 if request.method in KNOWN else 501)


def check_registration(request: Request) -> None:
    """Refuse a REGISTER for what no credentials could mend, before its sender is challenged (section 10.3 step 2).

    Raises:
        SipError: 420 with Unsupported; 400 for a Contact that cannot be read.
    """
    unknown = [tag for tag in request.headers.values("require") if tag.lower() not in (PATH, OUTBOUND)]
    if unknown:
        raise SipError(420, "an extension is required", (("unsupported", ", ".join(unknown)),))
    contacts(request.headers)


def check_extensions(request: Request) -> None:
    """Refuse proxy extensions: we have none (section 16.3 step 5). An ACK or CANCEL is never refused.

    Raises:
        SipError: 420 with Unsupported.
    """
    wanted = request.headers.values("proxy-require")
    if wanted and request.method not in (ACK, CANCEL):
        raise SipError(420, "a proxy extension is required", (("unsupported", ", ".join(wanted)),))
