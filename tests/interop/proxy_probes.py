"""Probes of the proxy (RFC 3261 section 16): requests to accounts, to the server itself and to nobody."""

from __future__ import annotations

from tests.interop.probes import Probe, row
from tests.interop.station import Facts, Station, answer, forwarded

PROXY_PROBES: list[Probe] = []


@row("Max-Forwards is 0", PROXY_PROBES)
def _last_hop(at: Station) -> Facts:
    at.phone()
    caller = at.wire()
    return answer(caller.ask(caller.write("INVITE", at.aor, "Max-Forwards: 0")))


@row("OPTIONS to the server: Max-Forwards is 0", PROXY_PROBES)
def _traceroute(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("OPTIONS", f"sip:{at.domain}", "Max-Forwards: 0")))


@row("Max-Forwards is missing", PROXY_PROBES)
def _no_hops(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("MESSAGE", at.aor, without=["max-forwards", "contact"]))
    return forwarded(phone.request("MESSAGE"))


@row("an unknown scheme", PROXY_PROBES)
def _scheme(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("INVITE", "carrier-pigeon:alice", f"To: <{at.aor}>")))


@row("a telephone number", PROXY_PROBES)
def _telephone(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("INVITE", "tel:+15550100")))


@row("Proxy-Require", PROXY_PROBES)
def _proxy_require(at: Station) -> Facts:
    at.phone()
    caller = at.wire()
    return answer(caller.ask(caller.write("INVITE", at.aor, "Proxy-Require: teleport")))


@row("Require is the phone's business", PROXY_PROBES)
def _require(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor, "Require: teleport"))
    return forwarded(phone.request("INVITE"))


@row("an unknown account", PROXY_PROBES)
def _unknown(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("INVITE", f"sip:nobody@{at.domain}")))


@row("an account without a phone", PROXY_PROBES)
def _unregistered(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("INVITE", at.aor)))


@row("an account of another domain", PROXY_PROBES)
def _relay(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("INVITE", "sip:somebody@elsewhere.example")))


@row("the account escaped, the domain in capitals", PROXY_PROBES)
def _escaped(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    uri = f"sip:%{ord(at.account[0]):02x}{at.account[1:]}@{at.domain.upper()}"
    caller.send(caller.write("MESSAGE", uri, without=["contact"]))
    return {"arrived": phone.request("MESSAGE") is not None}


@row("CANCEL of nothing", PROXY_PROBES)
def _stray_cancel(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.reaction(caller.write("CANCEL", at.aor)))


@row("ACK of nothing", PROXY_PROBES)
def _stray_ack(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    reaction = caller.reaction(caller.write("ACK", at.aor, f"To: <{at.aor}>;tag=gone"))
    caller.send(caller.write("MESSAGE", at.aor, without=["contact"]))
    return answer(reaction, first=getattr(phone.request(), "method", None))


@row("BYE in a dialog of nobody", PROXY_PROBES)
def _stray_bye(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("BYE", at.aor, f"To: <{at.aor}>;tag=gone")))


@row("BYE outside of a dialog", PROXY_PROBES)
def _bye(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    reaction = caller.reaction(caller.write("BYE", at.aor))
    return answer(reaction, arrived=phone.request("BYE", seconds=0.1) is not None)


@row("an unknown method to an account", PROXY_PROBES)
def _unknown_method(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("TELEPORT", at.aor))
    request = phone.request("TELEPORT")
    phone.answer(request, 299)
    return answer(caller.final("TELEPORT"), **forwarded(request))


@row("an unknown method to the server", PROXY_PROBES)
def _unknown_method_to_us(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("TELEPORT", f"sip:{at.domain}")), "allow")


@row("INVITE to the server", PROXY_PROBES)
def _invite_to_us(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("INVITE", f"sip:{at.domain}")), "allow")


@row("OPTIONS to the server", PROXY_PROBES)
def _options(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("OPTIONS", f"sip:{at.domain}")), "allow", "accept")


@row("OPTIONS to the server: Require", PROXY_PROBES)
def _options_require(at: Station) -> Facts:
    caller = at.wire()
    return answer(caller.ask(caller.write("OPTIONS", f"sip:{at.domain}", "Require: teleport")))


@row("OPTIONS to an account", PROXY_PROBES)
def _options_to_account(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("OPTIONS", at.aor))
    request = phone.request("OPTIONS")
    phone.answer(request, 200)
    return answer(caller.final("OPTIONS"), **forwarded(request))


@row("a Contact that leads back to the server", PROXY_PROBES)
def _loop(at: Station) -> Facts:
    phone, caller = at.phone(f"Contact: <sip:{at.account}@{at.server}>"), at.wire()
    caller.send(caller.write("INVITE", at.aor))
    request = phone.request("INVITE", seconds=1.5)
    if request is not None:
        phone.answer(request, 486)
    return answer(caller.final("INVITE"), arrived=request is not None)


@row("INVITE: what the phone sees", PROXY_PROBES)
def _invite(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor))
    request = phone.request("INVITE")
    assert request is not None
    phone.answer(request, 486)
    return answer(caller.final("INVITE"), **forwarded(request), uri=f"<{request.uri}>" == at.contact(phone))


@row("MESSAGE: what the phone sees", PROXY_PROBES)
def _message(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("MESSAGE", at.aor, "Content-Type: text/plain", body="hi", without=["contact"]))
    request = phone.request("MESSAGE")
    phone.answer(request, 200)
    return answer(caller.final("MESSAGE"), **forwarded(request))


@row("fields that nobody knows pass", PROXY_PROBES)
def _unknown_field(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor, "X-Weather: rain, later sun", "Date: never"))
    request = phone.request("INVITE")
    assert request is not None
    return {name: request.headers.get(name) for name in ("x-weather", "date")}


@row("a preloaded Route to the server", PROXY_PROBES)
def _preloaded(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    caller.send(caller.write("INVITE", at.aor, f"Route: <sip:{at.server};lr>"))
    return forwarded(phone.request("INVITE"))


@row("a preloaded Route to a name at the server", PROXY_PROBES)
def _forged(at: Station) -> Facts:
    phone, caller = at.phone(), at.wire()
    reaction = caller.reaction(caller.write("INVITE", at.aor, f"Route: <sip:made-up@{at.server};lr>"))
    return answer(reaction, arrived=phone.request("INVITE", seconds=0.1) is not None)
