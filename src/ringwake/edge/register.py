"""REGISTER (RFC 3261 10.3, RFC 8599 5.6): who, what, on disk, 200, and then what waited for the phone."""

from __future__ import annotations

from ringwake.edge.answers import STORE_DOWN, refuse
from ringwake.edge.core import Core
from ringwake.edge.message import hand_over
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.store_ops import Failed, OutOfOrder, Registered
from ringwake.proxy.validation import check_registration
from ringwake.registrar.rules import Plan, Refusal, answer
from ringwake.sip.errors import SipError
from ringwake.sip.transactions.events import RequestArrived
from ringwake.wake.parked_call import ParkedCall
from ringwake.wake.parked_message import ParkedMessage


def register(core: Core, arrived: RequestArrived, now: float) -> Effects:
    """Serve a REGISTER.

    Raises:
        SipError: with the status that answers it.
    """
    request, came_at = arrived.request, now
    check_registration(request)
    account = core.gate.registrant(request, arrived.flow, now)
    if not core.gate.is_peer(arrived.flow):
        # A proxy that we do not know, or a phone: neither may say by which Routes requests travel (RFC 3327 section 6).
        request.headers.remove("path")
    plan = core.registrar.plan(request, account, arrived.flow, core.wall(now))
    if isinstance(plan, Refusal):
        raise SipError(plan.status, plan.rule, plan.headers)

    def then(result: Registered | OutOfOrder, now: float) -> Effects:
        if isinstance(result, OutOfOrder):
            error = SipError(500, "CSeq is not above that of the last REGISTER")
            return refuse(arrived.transaction, request, error, to_tag=core.tag(), now=now)
        ok = Respond(arrived.transaction, answer(request, plan, result, to_tag=core.tag()))
        return (ok, *_registered(core, plan, result, now, came_at=came_at))

    def otherwise(failed: Failed, now: float) -> Effects:
        note = Note(Event(Happened.STORE_FAILED, now, "", {"op": "register", "reason": failed.reason}))
        return (note, *refuse(arrived.transaction, request, STORE_DOWN, to_tag=core.tag(), now=now))

    return (Persist(plan.op, then=then, otherwise=otherwise),)


def _registered(core: Core, plan: Plan, result: Registered, now: float, *, came_at: float) -> Effects:
    effects: list[Effects] = []
    _leave(core, plan.op.aor, frozenset(binding.id for binding in result.bindings), now)
    for binding in result.touched:
        core.presence.registered(binding)
        if binding.push is not None:
            core.means.budget.woke(binding.push)
        effects.append((_note(binding, plan, now, came_at=came_at),))
    effects += [_release(core, binding, now) for binding in result.touched]
    if not result.touched and (plan.op.contacts or plan.op.remove_all):
        effects.append((Note(Event(Happened.UNREGISTERED, now, "", {"aor": plan.op.aor})),))
    effects.append(hand_over(core, result.touched, result.messages, now))
    return tuple(effect for several in effects for effect in several)


def _leave(core: Core, aor: Aor, bindings: frozenset[str], now: float) -> None:
    """Forget what the account has no longer: whoever has logged out is neither woken nor told anything."""
    core.presence.retain(aor, bindings)
    for owner_id, owner in core.calls.calling(aor):
        if isinstance(owner, ParkedCall | ParkedMessage):
            owner.left(bindings)
            core.calls.keep(owner_id, NOTHING, now)


def _release(core: Core, binding: Binding, now: float) -> Effects:
    """Give a phone that has just registered what was parked for it (RFC 8599 section 5.6.2).

    The calls in memory are asked, not those that the store returned: they are the same, and those that could not be
    written while the disk was full are among them.
    """
    effects: list[Effects] = []
    for owner_id, owner in core.calls.calling(binding.aor):
        if isinstance(owner, ParkedCall) and core.may_reach(owner.context.request, binding):
            effects.append(core.calls.keep(owner_id, owner.woken(binding, now), now))
        elif isinstance(owner, ParkedMessage):
            owner.woken(binding.phone)
            effects.append(core.calls.keep(owner_id, NOTHING, now))
    return tuple(effect for several in effects for effect in several)


def _note(binding: Binding, plan: Plan, now: float, *, came_at: float) -> Note:
    fields: dict[str, Field] = {
        "aor": binding.aor,
        "device": binding.id,
        "transport": binding.flow.transport.value,
        "push": binding.push.app.provider.value if binding.push else None,
        "expires": int(binding.expires_at - plan.op.wall),
        "took_ms": round((now - came_at) * 1000, 3),
    }
    return Note(Event(Happened.REGISTERED, now, "", fields))
