"""Probes of calls: how answers are forwarded, and what happens inside a dialog (RFC 3261 sections 12 and 16.7)."""

from __future__ import annotations

from tests.interop.probes import Probe, row
from tests.interop.station import Facts, Station, answer, forwarded
from tests.support.wire import Wire

from ringwake.sip.message import Response

CALL_PROBES: list[Probe] = []


@row("INVITE: the first answer", CALL_PROBES)
def _trying(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor, "Timestamp: 54"))
    request = phone.request("INVITE")
    first = caller.receive()
    phone.answer(request, 486)
    assert isinstance(first, Response)
    tag = "tag=" in (first.headers.get("to") or "")
    return {"status": first.status, "to tag": tag, "timestamp": (first.headers.get("timestamp") or "")[:2]}


def _two_phones(at: Station, first: int, second: int) -> Facts:
    one, two, caller = at.phone(), at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor))
    asked = [phone.request("INVITE") for phone in (one, two)]
    for phone, request, status in zip((one, two), asked, (first, second), strict=True):
        phone.answer(request, status)
    return answer(caller.final("INVITE"))


@row("two phones: 486 and 603", CALL_PROBES)
def _busy_and_decline(at: Station) -> Facts:
    return _two_phones(at, 486, 603)


@row("two phones: 404 and 486", CALL_PROBES)
def _gone_and_busy(at: Station) -> Facts:
    return _two_phones(at, 404, 486)


@row("two phones: 503 and 486", CALL_PROBES)
def _down_and_busy(at: Station) -> Facts:
    return _two_phones(at, 503, 486)


@row("two phones: 486 and 415", CALL_PROBES)
def _busy_and_unsupported(at: Station) -> Facts:
    return _two_phones(at, 486, 415)


@row("one phone: 503", CALL_PROBES)
def _down(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor))
    phone.answer(phone.request("INVITE"), 503, ("retry-after", "30"))
    return answer(caller.final("INVITE"))


@row("one phone: 302", CALL_PROBES)
def _moved(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor))
    phone.answer(phone.request("INVITE"), 302, ("contact", "<sip:elsewhere@192.0.2.1>"))
    return answer(caller.final("INVITE"), "contact")


@row("an INVITE that the phone sends back", CALL_PROBES)
def _sent_back(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor))
    request = phone.request("INVITE")
    assert request is not None
    request.uri = at.aor
    request.headers.push("via", f"SIP/2.0/UDP {phone.host}:{phone.port};branch=z9hG4bK-back-{phone.port}")
    phone.send(request.encode())
    came = phone.next("INVITE")
    return {"arrived again": not isinstance(came, Response), "status": getattr(came, "status", None)}


def _dialog(at: Station, method: str, *fields: str) -> Facts:
    """Set up a call, and send a request inside it."""
    phone, caller = at.phone(), at.wire()
    invite = caller.write("INVITE", at.aor)
    caller.send(invite)
    asked = phone.request("INVITE")
    assert asked is not None
    contact = ("contact", at.contact(phone))
    routes = [("record-route", value) for value in asked.headers.values("record-route")]
    phone.answer(asked, 200, contact, *routes)
    accepted = caller.final("INVITE")
    assert accepted is not None
    own = _within(at, phone, accepted)
    caller.send(caller.write("ACK", own[0], *own[1], "CSeq: 1 ACK"))
    acknowledged = forwarded(phone.request("ACK"))
    caller.send(caller.write(method, own[0], *own[1], f"CSeq: 2 {method}", *fields))
    request = phone.request(method)
    phone.answer(request, 200)
    final = caller.final(method)
    return answer(final, **forwarded(request), acknowledged=acknowledged["arrived"])


def _within(at: Station, phone: Wire, accepted: Response) -> tuple[str, list[str]]:
    headers = accepted.headers
    names = ("from", "to", "call-id")
    routes = [f"Route: {route}" for route in reversed(headers.values("record-route"))]
    return at.contact(phone).strip("<>"), [*routes, *(f"{name}: {headers.get(name)}" for name in names)]


@row("BYE in a dialog without its Routes", CALL_PROBES)
def _bye_astray(at: Station) -> Facts:
    caller = at.wire()
    uri = f"sip:{at.account}@{caller.host}:{caller.port}"
    return answer(caller.ask(caller.write("BYE", uri, f"To: <{at.aor}>;tag=phone")))


@row("BYE in a dialog", CALL_PROBES)
def _bye_inside(at: Station) -> Facts:
    return _dialog(at, "BYE")


@row("an unknown method in a dialog", CALL_PROBES)
def _unknown_inside(at: Station) -> Facts:
    return _dialog(at, "TELEPORT")


@row("INFO in a dialog: one hop is left", CALL_PROBES)
def _info(at: Station) -> Facts:
    return _dialog(at, "INFO", "Max-Forwards: 1")
