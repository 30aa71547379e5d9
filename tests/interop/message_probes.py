"""Probes of what a message must have, and of the way back (RFC 3261 sections 8 and 18, RFC 3581)."""

from __future__ import annotations

import re
import time

from tests.interop.probes import Probe, row
from tests.interop.station import Facts, Station, answer
from tests.support.wire import SECONDS, Wire

from ringwake.sip.message import Response

MESSAGE_PROBES: list[Probe] = []
_RECEIVED, _RPORT = re.compile(r"received=([^;]*)"), re.compile(r"rport=([^;]*)")


def _without(at: Station, name: str) -> Facts:
    caller = at.wire()
    return answer(caller.reaction(caller.write("OPTIONS", f"sip:{at.domain}", without=[name])))


@row("no Call-ID", MESSAGE_PROBES)
def _no_call_id(at: Station) -> Facts:
    return _without(at, "call-id")


@row("no From", MESSAGE_PROBES)
def _no_from(at: Station) -> Facts:
    return _without(at, "from")


@row("no To", MESSAGE_PROBES)
def _no_to(at: Station) -> Facts:
    return _without(at, "to")


@row("no CSeq", MESSAGE_PROBES)
def _no_cseq(at: Station) -> Facts:
    return _without(at, "cseq")


@row("no Via", MESSAGE_PROBES)
def _no_via(at: Station) -> Facts:
    return _without(at, "via")


def _with(at: Station, *fields: str) -> Facts:
    caller = at.wire()
    return answer(caller.reaction(caller.write("OPTIONS", f"sip:{at.domain}", *fields)))


@row("CSeq of another method", MESSAGE_PROBES)
def _other_method(at: Station) -> Facts:
    return _with(at, "CSeq: 1 INVITE")


@row("CSeq beyond its range", MESSAGE_PROBES)
def _big_cseq(at: Station) -> Facts:
    return _with(at, "CSeq: 4294967296 OPTIONS")


@row("no tag in From", MESSAGE_PROBES)
def _no_tag(at: Station) -> Facts:
    return _with(at, f"From: <sip:boss@{at.domain}>")


@row("compact names and folded lines", MESSAGE_PROBES)
def _compact(at: Station) -> Facts:
    caller = at.wire()
    text = (
        caller.write("OPTIONS", f"sip:{at.domain}")
        .replace("From:", "f  :")
        .replace("To: ", "t:\r\n  ")
        .replace("Call-ID:", "i:")
    )
    return answer(caller.reaction(text))


@row("another version of SIP", MESSAGE_PROBES)
def _version(at: Station) -> Facts:
    caller = at.wire()
    return answer(
        caller.reaction(caller.write("OPTIONS", f"sip:{at.domain}").replace(" SIP/2.0\r\n", " SIP/7.0\r\n", 1))
    )


@row("a body shorter than Content-Length", MESSAGE_PROBES)
def _short_body(at: Station) -> Facts:
    return _with(at, "Content-Length: 30")


@row("a negative Content-Length", MESSAGE_PROBES)
def _negative(at: Station) -> Facts:
    return _with(at, "Content-Length: -1")


@row("octets after the body", MESSAGE_PROBES)
def _surplus(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.reaction(caller.write("OPTIONS", f"sip:{at.domain}", "Content-Length: 0") + "surplus"))


@row("a space before the first line", MESSAGE_PROBES)
def _space(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.reaction(" " + caller.write("OPTIONS", f"sip:{at.domain}")))


@row("empty lines before the first line", MESSAGE_PROBES)
def _empty_lines(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.reaction("\r\n\r\n" + caller.write("OPTIONS", f"sip:{at.domain}")))


@row("a response to nothing", MESSAGE_PROBES)
def _stray_response(at: Station) -> Facts:
    caller = at.wire()
    request = caller.write("OPTIONS", f"sip:{at.domain}")
    return answer(caller.reaction(request.replace(request.partition("\r\n")[0], "SIP/2.0 200 OK", 1)))


def _way_back(at: Station, via: str) -> Facts:
    """Ask by a Via of one's own; tell which socket the answer comes to, and what its Via says."""
    caller = at.wire()
    other = Wire(caller.host, at.server, domain=at.domain)
    with other:
        for word, port in (("{caller}", caller.port), ("{other}", other.port)):
            via = via.replace(word, f"{caller.host}:{port}")
        caller.send(caller.write("OPTIONS", f"sip:{at.domain}", f"Via: {via};branch=z9hG4bK{caller.port}"))
        came_to, response = _first_of({"caller": caller, "other": other})
    written = (response.headers.get("via") or "").replace(caller.host, "HOST").replace(str(caller.port), "PORT")
    return {
        "came to": came_to,
        "received": ", ".join(_RECEIVED.findall(written)),
        "rport": ", ".join(_RPORT.findall(written)),
    }


def _first_of(wires: dict[str, Wire]) -> tuple[str, Response]:
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        for name, wire in wires.items():
            response = wire.final("OPTIONS", seconds=0.02)
            if response is not None:
                return name, response
    raise AssertionError("the answer came to nobody")


@row("Via with rport", MESSAGE_PROBES)
def _rport(at: Station) -> Facts:
    return _way_back(at, "SIP/2.0/UDP {caller};rport")


@row("Via with rport and another port", MESSAGE_PROBES)
def _rport_nat(at: Station) -> Facts:
    return _way_back(at, "SIP/2.0/UDP {other};rport")


@row("Via without rport", MESSAGE_PROBES)
def _no_rport(at: Station) -> Facts:
    return _way_back(at, "SIP/2.0/UDP {caller}")


@row("Via without rport and with another port", MESSAGE_PROBES)
def _no_rport_nat(at: Station) -> Facts:
    return _way_back(at, "SIP/2.0/UDP {other}")


@row("Via with a name", MESSAGE_PROBES)
def _name(at: Station) -> Facts:
    return _way_back(at, "SIP/2.0/UDP phone.invalid;rport")


@row("Via with a received of its own", MESSAGE_PROBES)
def _received(at: Station) -> Facts:
    return _way_back(at, "SIP/2.0/UDP {caller};rport;received=192.0.2.66")
