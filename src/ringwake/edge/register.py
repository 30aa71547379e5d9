"""REGISTER (RFC 3261 10.3, RFC 8599 5.6): who, what, on disk, 200, and then what waited for the phone."""

from __future__ import annotations

from dataclasses import replace

from ringwake.edge.admission import Admission, admit
from ringwake.edge.answers import STORE_DOWN, refuse
from ringwake.edge.core import Core
from ringwake.edge.ghost_call import GhostCall
from ringwake.edge.message_delivery import hand_over
from ringwake.edge.token_claims import challenge
from ringwake.edge.upstream.standing import follow
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist, ResetFlow, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import PushTarget
from ringwake.model.store_ops import (
    ContactUpdate,
    Failed,
    OutOfOrder,
    Overreach,
    Registered,
    RegisterRefusal,
    SharedToken,
    StrangeToken,
    TooManyAccounts,
)
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.purr import Purr
from ringwake.proxy.validation import check_registration
from ringwake.registrar.rules import Plan, Refusal, answer
from ringwake.sip.errors import SipError
from ringwake.sip.flow import Flow
from ringwake.sip.transactions.events import RequestArrived
from ringwake.wake.end_notices import EndNotices
from ringwake.wake.parked_call import ParkedCall
from ringwake.wake.parked_message import ParkedMessage
from ringwake.wake.parked_request import ParkedRequest

STRANGE = "this push token is another phone's"


def register(core: Core, arrived: RequestArrived, now: float) -> Effects:
    """Serve a REGISTER.

    Raises:
        SipError: with the status that answers it.
    """
    request, came_at = arrived.request, now
    check_registration(request)
    admission = admit(core, arrived, now)
    account = admission.account
    if not core.gate.is_peer(arrived.flow):
        # A proxy that we do not know, or a phone: neither may say by which Routes requests travel (RFC 3327 section 6).
        request.headers.remove("path")
    plan = core.registrar.plan(request, account, arrived.flow, core.wall(now))
    if isinstance(plan, Refusal):
        raise SipError(plan.status, plan.rule, plan.headers)
    contacts = tuple(with_wakes(core, contact) for contact in plan.op.contacts)
    plan = replace(plan, op=replace(plan.op, contacts=contacts, only=admission.only, proof=admission.proof))
    return commit(core, arrived, plan, admission, came_at=came_at)


def commit(core: Core, arrived: RequestArrived, plan: Plan, admission: Admission, *, came_at: float) -> Effects:
    """Put a REGISTER of an account that may register on disk, and answer it."""
    request = arrived.request

    def then(result: Registered | RegisterRefusal, now: float) -> Effects:
        if not isinstance(result, Registered):
            refusal = (
                core.gate.challenge(admission.account, now) if isinstance(result, Overreach) else refusal_of(result)
            )
            return refuse(arrived.transaction, request, refusal, to_tag=core.tag(), now=now)
        kept, tag = plan.kept(result), core.tag()
        ok = answer(request, kept, result, to_tag=tag, purr=lambda b: Purr(b.id, b.aor).seal(core.seal, core.ids))
        return (Respond(arrived.transaction, ok), *registered(core, plan, result, now, came_at=came_at))

    def otherwise(failed: Failed, now: float) -> Effects:
        admission.failed(core)
        note = Note(Event(Happened.STORE_FAILED, now, "", {"op": "register", "reason": failed.reason}))
        return (note, *refuse(arrived.transaction, request, STORE_DOWN, to_tag=core.tag(), now=now))

    return (Persist(plan.op, then=then, otherwise=otherwise),)


def with_wakes(core: Core, contact: ContactUpdate) -> ContactUpdate:
    """Tell the phone's bindings of the pushes that have brought it here: they count them in the same step."""
    woken = core.ledger.of(contact.push) if contact.push else ()
    return replace(contact, woken=woken) if woken else contact


def refusal_of(result: OutOfOrder | TooManyAccounts | StrangeToken) -> SipError:
    """Return what answers a REGISTER that the store has not taken."""
    match result:
        case OutOfOrder():
            return SipError(500, "CSeq is not above that of the last REGISTER")
        case TooManyAccounts():
            return SipError(403, "this push token is registered for too many accounts")
        case StrangeToken():
            return SipError(403, STRANGE, (("warning", f'399 ringwake "{STRANGE}"'),))


def registered(core: Core, plan: Plan, result: Registered, now: float, *, came_at: float) -> Effects:
    """Do what follows a REGISTER that is on disk: what was parked for its phones goes to them."""
    effects: list[Effects] = []
    _leave(core, plan.op.aor, frozenset(binding.id for binding in result.bindings), now)
    for binding in result.touched:
        left = core.presence.registered(binding)
        if left is not None:
            effects.append(_reset(core, binding.aor, left))
        if binding.push is not None:
            core.means.budget.woke(binding.push)
            effects.append(_count(core, binding, binding.push, now))
        effects.append((_note(binding, plan, now, came_at=came_at),))
    effects.append(tuple(_warn(shared, now) for shared in result.shared))
    effects.append(challenge(core, plan.op, result, now))
    effects += [_release(core, binding, now) for binding in result.touched]
    effects.append(follow(core, plan.op.aor, result.bindings, now))
    if not result.touched and (plan.op.contacts or plan.op.remove_all):
        effects.append((Note(Event(Happened.UNREGISTERED, now, "", {"aor": plan.op.aor})),))
    effects.append(hand_over(core, result.touched, result.messages, now))
    return tuple(effect for several in effects for effect in several)


def _leave(core: Core, aor: Aor, bindings: frozenset[str], now: float) -> None:
    """Forget what the account has no longer: whoever has logged out is neither woken nor told anything."""
    core.presence.retain(aor, bindings)
    for owner_id, owner in core.calls.calling(aor):
        if isinstance(owner, ParkedCall | ParkedRequest | ParkedMessage | EndNotices | GhostCall):
            owner.left(bindings)
            core.calls.keep(owner_id, NOTHING, now)


def _release(core: Core, binding: Binding, now: float) -> Effects:
    """Give a phone that has just registered what was parked for it (RFC 8599 section 5.6.2).

    The calls in memory are asked, not those that the store returned: they are the same, and those that could not be
    written while the disk was full are among them.
    """
    effects: list[Effects] = []
    for owner_id, owner in core.calls.calling(binding.aor):
        if isinstance(owner, GhostCall) or (
            isinstance(owner, ParkedCall | ParkedRequest) and core.may_reach(owner.context.request, binding)
        ):
            effects.append(core.calls.keep(owner_id, owner.woken(binding, now), now))
        elif isinstance(owner, ParkedMessage):
            owner.woken(binding.phone)
            effects.append(core.calls.keep(owner_id, NOTHING, now))
    return tuple(effect for several in effects for effect in several)


def _reset(core: Core, aor: Aor, left: Flow) -> Effects:
    """Break off the connection that a phone has left, if it owes an answer down there.

    A request that still waits in our system's buffers would else arrive after the one that now goes down the new flow.
    """
    for _, owner in core.calls.calling(aor):
        sender = owner.context if isinstance(owner, ParkedCall | ParkedRequest) else owner
        if isinstance(sender, ResponseContext | GhostCall) and sender.is_unheard(left):
            return (ResetFlow(left),)
    return NOTHING


def _count(core: Core, binding: Binding, target: PushTarget, now: float) -> Effects:
    """Strike the wakes off the ledger that the binding has counted."""
    counted = core.ledger.counted(target, binding.wakes.at)
    fields: list[dict[str, Field]] = [{"device": binding.id, "reason": wake.why.value} for wake in counted]
    return tuple(Note(Event(Happened.WAKE_COUNTED, now, "", each)) for each in fields)


def _warn(shared: SharedToken, now: float) -> Note:
    """Tell the operator that somebody may have registered another's token (standards S6)."""
    fields: dict[str, Field] = {"device": shared.binding, "accounts": shared.accounts}
    return Note(Event(Happened.TOKEN_SHARED, now, "", fields))


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
