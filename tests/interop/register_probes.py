"""Probes of the registrar (RFC 3261 section 10.3)."""

from __future__ import annotations

from tests.interop.probes import Probe, row
from tests.interop.station import Facts, Station, answer, bindings

REGISTER_PROBES: list[Probe] = []


@row("REGISTER: Expires", REGISTER_PROBES)
def _expires(at: Station) -> Facts:
    phone = at.wire()
    return bindings(at.register(phone, "Expires: 600"), phone=phone)


@row("REGISTER: the Contact's expires goes before Expires", REGISTER_PROBES)
def _contact_expires(at: Station) -> Facts:
    phone = at.wire()
    return bindings(at.register(phone, f"Contact: {at.contact(phone)};expires=600", "Expires: 1200"), phone=phone)


@row("REGISTER: no expiry asked for", REGISTER_PROBES)
def _no_expiry(at: Station) -> Facts:
    phone = at.wire()
    return bindings(at.register(phone), phone=phone)


@row("REGISTER: a malformed expiry", REGISTER_PROBES)
def _bad_expiry(at: Station) -> Facts:
    phone = at.wire()
    return bindings(at.register(phone, "Expires: soon"), phone=phone)


@row("REGISTER: a malformed expires of a Contact", REGISTER_PROBES)
def _bad_contact_expiry(at: Station) -> Facts:
    phone = at.wire()
    return bindings(at.register(phone, f"Contact: {at.contact(phone)};expires=soon"), phone=phone)


@row("REGISTER: too short an expiry", REGISTER_PROBES)
def _short(at: Station) -> Facts:
    phone = at.wire()
    return bindings(at.register(phone, "Expires: 5"), phone=phone)


@row("REGISTER: a long expiry is cut", REGISTER_PROBES)
def _long(at: Station) -> Facts:
    phone = at.wire()
    return bindings(at.register(phone, "Expires: 604800"), phone=phone)


@row("REGISTER: fetch", REGISTER_PROBES)
def _fetch(at: Station) -> Facts:
    phone = at.phone("Expires: 600")
    return bindings(at.register(phone, without=("contact",)), phone=phone)


@row("REGISTER: fetch when nothing is bound", REGISTER_PROBES)
def _fetch_nothing(at: Station) -> Facts:
    return bindings(at.register(at.wire(), without=("contact",)))


@row("REGISTER: one Contact is removed", REGISTER_PROBES)
def _remove(at: Station) -> Facts:
    first, second = at.phone("Expires: 600"), at.phone("Expires: 600")
    return bindings(at.register(first, "Expires: 0"), first=first, second=second)


@row("REGISTER: a Contact that is not bound is removed", REGISTER_PROBES)
def _remove_unknown(at: Station) -> Facts:
    first, second = at.phone("Expires: 600"), at.wire()
    return bindings(at.register(second, "Expires: 0"), first=first, second=second)


@row("REGISTER: all are removed", REGISTER_PROBES)
def _wildcard(at: Station) -> Facts:
    first = at.phone("Expires: 600")
    at.phone("Expires: 600")
    return bindings(at.register(first, "Contact: *", "Expires: 0"))


@row("REGISTER: * with an expiry", REGISTER_PROBES)
def _wildcard_expiry(at: Station) -> Facts:
    return bindings(at.register(at.phone(), "Contact: *", "Expires: 60"))


@row("REGISTER: * without Expires", REGISTER_PROBES)
def _wildcard_alone(at: Station) -> Facts:
    return bindings(at.register(at.phone(), "Contact: *"))


@row("REGISTER: * beside another Contact", REGISTER_PROBES)
def _wildcard_beside(at: Station) -> Facts:
    phone = at.phone()
    return bindings(at.register(phone, "Contact: *", f"Contact: {at.contact(phone)}", "Expires: 0"), phone=phone)


@row("REGISTER: several Contacts with q", REGISTER_PROBES)
def _several(at: Station) -> Facts:
    first, second = at.wire(), at.wire()
    both = f"Contact: {at.contact(first)};q=0.7;expires=600, {at.contact(second)};q=0.250;expires=1200"
    return bindings(at.register(first, both), first=first, second=second)


@row("REGISTER: q beyond 1", REGISTER_PROBES)
def _bad_q(at: Station) -> Facts:
    phone = at.wire()
    return bindings(at.register(phone, f"Contact: {at.contact(phone)};q=5", "Expires: 600"), phone=phone)


@row("REGISTER: the same Contact written otherwise", REGISTER_PROBES)
def _same(at: Station) -> Facts:
    phone = at.phone("Expires: 600")
    other = f"<sip:%{ord(at.account[0]):02x}{at.account[1:]}@{phone.host}:{phone.port}>"
    return bindings(at.register(phone, f"Contact: {other}", "Expires: 1200"), phone=phone)


@row("REGISTER: a Contact that is a telephone number", REGISTER_PROBES)
def _telephone(at: Station) -> Facts:
    return answer(at.register(at.wire(), "Contact: <tel:+15550100>"))


@row("REGISTER: a Contact that cannot be read", REGISTER_PROBES)
def _unreadable(at: Station) -> Facts:
    return answer(at.register(at.wire(), "Contact: <sip:"))


@row("REGISTER: Require", REGISTER_PROBES)
def _require(at: Station) -> Facts:
    return answer(at.register(at.wire(), "Require: teleport"))


@row("REGISTER: Proxy-Require", REGISTER_PROBES)
def _proxy_require(at: Station) -> Facts:
    return answer(at.register(at.wire(), "Proxy-Require: teleport"))


@row("REGISTER: CSeq is lower than before", REGISTER_PROBES)
def _out_of_order(at: Station) -> Facts:
    phone = at.wire()
    at.register(phone, "Call-ID: same", "CSeq: 7 REGISTER", "Expires: 600")
    refused = answer(at.register(phone, "Call-ID: same", "CSeq: 5 REGISTER", "Expires: 0"))
    kept = bindings(at.register(phone, without=("contact",)), phone=phone)
    return {**refused, "bindings": kept["bindings"]}


@row("REGISTER: no credentials", REGISTER_PROBES)
def _no_credentials(at: Station) -> Facts:
    phone = at.wire()
    who = f"<{at.aor}>"
    asked = phone.ask(phone.write("REGISTER", f"sip:{at.domain}", f"From: {who};tag=1", f"To: {who}"))
    challenges = asked.headers.texts("www-authenticate") if asked else []
    algorithms = [next((word for word in ("SHA-256", "MD5") if word in text), "MD5 by default") for text in challenges]
    return answer(asked, algorithms=", ".join(algorithms), qop=all("qop=" in text for text in challenges))


@row("REGISTER: a wrong password", REGISTER_PROBES)
def _wrong_password(at: Station) -> Facts:
    phone = at.wire()
    wrong = f'Digest username="{at.account}", realm="{at.domain}", nonce="0", uri="sip:{at.domain}", response="0"'
    who = f"<{at.aor}>"
    fields = (f"From: {who};tag=1", f"To: {who}", f"Authorization: {wrong}")
    return answer(phone.ask(phone.write("REGISTER", f"sip:{at.domain}", *fields)))


@row("REGISTER: of another account", REGISTER_PROBES)
def _another(at: Station) -> Facts:
    return answer(at.register(at.wire(), account="somebody"))


@row("REGISTER: To is in a domain that is not served", REGISTER_PROBES)
def _other_domain(at: Station) -> Facts:
    other = f"<sip:{at.account}@elsewhere.example>"
    return answer(at.register(at.wire(), f"To: {other}", f"From: {other};tag=1"))


@row("REGISTER: Max-Forwards is 0", REGISTER_PROBES)
def _last_hop(at: Station) -> Facts:
    return answer(at.register(at.wire(), "Max-Forwards: 0"))
