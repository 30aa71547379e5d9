"""What a REGISTER does to the bindings of its address of record (RFC 3261 section 10.3 steps 6 and 7).

Every store calls this inside its atomic step, so that two racing REGISTERs never see the same old state.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ringwake.model.binding import Binding
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import ContactUpdate, OutOfOrder, Register
from ringwake.sip.errors import ParseError
from ringwake.sip.uri import parse_uri

MAX_BINDINGS = 10
"""Bindings of one AOR. A further phone takes the place of the one that registered longest ago, since an app that was
reinstalled leaves a binding behind that nobody will remove for weeks."""


@dataclass(frozen=True, slots=True)
class Merged:
    """The bindings after a REGISTER."""

    bindings: tuple[Binding, ...]
    touched: tuple[Binding, ...]
    """Those of this REGISTER, in the order of its Contacts, without the removed ones."""
    removed: tuple[Binding, ...]


def merge(current: Iterable[Binding], op: Register) -> Merged | OutOfOrder:
    """Apply a REGISTER to the current bindings of its AOR: all of it, or nothing."""
    kept = {binding.id: binding for binding in current if binding.expires_at > op.wall}
    before = dict(kept)
    if op.remove_all:
        if any(_is_stale(binding, op) for binding in kept.values()):
            return OutOfOrder()
        return Merged((), (), tuple(kept.values()))
    touched: list[str] = []
    for contact in op.contacts:
        matches = [binding for binding in kept.values() if is_same(binding, contact)]
        if any(_is_stale(binding, op) and binding.id not in touched for binding in matches):
            return OutOfOrder()
        for binding in matches:
            del kept[binding.id]
        if contact.expires > 0:
            bound = _bind(op, contact, matches, kept.values())
            kept[bound.id] = bound
            if bound.id not in touched:
                touched.append(bound.id)
    for surplus in sorted(kept.values(), key=lambda b: (b.id in touched, b.registered_at))[:-MAX_BINDINGS]:
        del kept[surplus.id]
    removed = tuple(binding for binding in before.values() if binding.id not in kept)
    return Merged(tuple(kept.values()), tuple(kept[known] for known in touched if known in kept), removed)


def is_same(binding: Binding, contact: ContactUpdate) -> bool:
    """Tell whether a Contact is about this binding.

    By instance-id and reg-id (RFC 5626 section 6); else by the push token, since a reinstalled app has a new instance
    but the same phone; else by URI comparison. Two flows of one instance are two bindings, whatever they share.
    """
    if contact.instance and binding.instance == contact.instance:
        if binding.reg_id == contact.reg_id:
            return True
        if binding.reg_id and contact.reg_id:
            return False
    if binding.push and contact.push and _tokens(binding.push) & _tokens(contact.push):
        return True
    if contact.instance and binding.instance:
        return False
    return binding.uri == contact.uri or _equal(binding.uri, contact.uri)


def _tokens(target: PushTarget) -> frozenset[str]:
    return frozenset(token.digest for _, token in target.tokens)


def _equal(left: str, right: str) -> bool:
    try:
        return parse_uri(left).equals(parse_uri(right))
    except ParseError:
        return False


def _is_stale(binding: Binding, op: Register) -> bool:
    return binding.call_id == op.call_id and op.cseq <= binding.cseq


def _bind(op: Register, contact: ContactUpdate, matches: list[Binding], others: Iterable[Binding]) -> Binding:
    known = matches[0] if matches else None
    first = known.first if known else _first(contact, others)
    push = contact.push
    if push is None and contact.is_query and known is not None:
        push = known.push
    return Binding(
        id=known.id if known else contact.new_id,
        aor=op.aor,
        uri=contact.uri,
        params=contact.params,
        instance=contact.instance,
        reg_id=contact.reg_id,
        call_id=op.call_id,
        cseq=op.cseq,
        flow=op.flow,
        path=op.path,
        first=first,
        push=push,
        user_agent=op.user_agent,
        registered_at=op.wall,
        expires_at=op.wall + contact.expires,
        refresh_at=contact.refresh_at if push else None,
    )


def _first(contact: ContactUpdate, others: Iterable[Binding]) -> str:
    """Return what names the phone, when its instance has another flow already."""
    return next((known.phone for known in others if contact.instance and known.instance == contact.instance), "")
