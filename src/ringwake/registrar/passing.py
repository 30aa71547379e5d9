"""A REGISTER that a PBX decides: what it has granted, and what the phone is told (RFC 8599 section 5.6.1.1).

The PBX sees no push parameter (docs/adr/0020-upstream.md), so it can wake nobody and says nothing of push; we do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from ringwake.model.binding import Binding
from ringwake.model.ports import Seal
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import ContactUpdate, PushTerms, Registered
from ringwake.registrar.rules import SOME_PHONE, Plan, capability
from ringwake.sip.address import NameAddr, parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import contact_expires, expires
from ringwake.sip.message import Response
from ringwake.sip.outbound import instance_id
from ringwake.sip.uri import parse_uri

LEAST = 3600
"""Seconds: whom the PBX grants less is promised no push, since a silent push could not come in time."""
_GRUUS = ("pub-gruu", "temp-gruu")
"""What the PBX adds to a Contact that it has bound (RFC 5627 section 5.3)."""


def named(contact: ContactUpdate, aor: str, seal: Seal) -> ContactUpdate:
    """Give a Contact the id that its binding will have: it stands in the Path before the PBX has said anything."""
    identity = f"{contact.instance}\0{contact.reg_id}" if contact.instance else contact.uri
    name = seal.digest("binding", f"{aor}\0{identity}".encode("utf-8", "surrogateescape"))[:16]
    return replace(contact, new_id=name, is_named=True)


def judged(plan: Plan, ok: Response, refresh_after: Callable[[PushTarget, float], float | None], wall: float) -> Plan:
    """Return the plan as the PBX has granted it, in its 2xx.

    Args:
        plan: what the phone has asked for.
        ok: the PBX's answer.
        refresh_after: see `Registrar`.
        wall: epoch seconds of the answer.
    """
    said = list(_contacts(ok))
    default = expires(ok.headers)
    asked = [update for update in plan.op.contacts if update.expires > 0]

    def refresh_at(target: PushTarget, granted: float) -> float | None:
        after = refresh_after(target, granted)
        return None if after is None else wall + after

    updates: list[ContactUpdate] = []
    for update in plan.op.contacts:
        granted = _granted(update, said, default, is_alone=len(asked) == 1) if update.expires else 0.0
        push = update.push if granted >= LEAST else None
        terms = PushTerms(granted, refresh_at(SOME_PHONE, granted)) if granted >= LEAST and update.uploaded else None
        updates.append(
            replace(
                update,
                expires=granted,
                push=push,
                refresh_at=refresh_at(push, granted) if push else None,
                uploaded=terms,
            )
        )
    both = list(zip(plan.op.contacts, updates, strict=True))
    is_short = any(before.push is not None and after.push is None for before, after in both)
    stayed = (after for before, after in both if before.expires > 0)
    kept = tuple(written for update, written in zip(stayed, plan.contacts, strict=True) if update.expires > 0)
    op = replace(plan.op, contacts=tuple(updates), wall=wall)
    return replace(plan, op=op, contacts=kept, caps=() if is_short else plan.caps)


def passed_on(ok: Response, plan: Plan, registered: Registered, purr: Callable[[Binding], str]) -> Response:
    """Build the 2xx that goes to the phone: the PBX's, with the phone's own Contact as it wrote it, and our promises.

    `ok` is without our Via, and without tokens: the PBX was sent none, but another proxy may have sent it its own.
    """
    answer = ok.copy()
    own = list(zip((u for u in plan.op.contacts if u.expires > 0), plan.contacts, strict=True))
    values = _texts(answer)
    is_alone = len(own) == len(values) == 1
    answer.headers.replace_values("contact", [_as_written(value, own, is_alone=is_alone) for value in values])
    for promise in plan.caps:
        answer.headers.push("feature-caps", capability(promise, registered.touched, purr))
    return answer


def _texts(response: Response) -> list[str]:
    try:
        return response.headers.values("contact")
    except ParseError:
        return response.headers.texts("contact")


def _contacts(response: Response) -> Iterable[NameAddr]:
    for value in _texts(response):
        try:
            yield parse_address(value)
        except ParseError:
            continue


def _granted(update: ContactUpdate, said: Sequence[NameAddr], default: int | None, *, is_alone: bool) -> float:
    """Return the seconds granted to a Contact; 0 when the PBX lists others only."""
    found = next((contact for contact in said if _is_same(contact, update)), None)
    if found is None and is_alone and len(said) == 1:
        found = said[0]  # rewritten on the way: some PBXs put the address there from which they got it
    if found is None:
        return 0.0 if said else float(update.expires if default is None else default)
    own = contact_expires(found)
    return float(own if own is not None else update.expires if default is None else default)


def _is_same(contact: NameAddr, update: ContactUpdate) -> bool:
    try:
        uri = contact.sip_uri
        return uri.equals(parse_uri(update.uri)) or bool(update.instance and instance_id(contact) == update.instance)
    except ParseError:
        return False


def _as_written(value: str, own: Sequence[tuple[ContactUpdate, NameAddr]], *, is_alone: bool) -> str:
    try:
        contact = parse_address(value)
    except ParseError:
        return value
    for update, written in own:
        if is_alone or _is_same(contact, update):
            params = written.params.without("expires", *_GRUUS)
            for name in _GRUUS:
                if name in contact.params:
                    params = params.put(name, contact.params.get(name))
            return f"<{written.uri}>{params};expires={int(update.expires)}"
    return value
