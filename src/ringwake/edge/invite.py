"""INVITE to an account: parked, and its phones called or woken (design.md section 3, "One call")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import ceil
from typing import TypeAlias

from ringwake.edge.answers import refuse
from ringwake.edge.core import Core
from ringwake.edge.no_wake import MOST_SECONDS, gone_on, is_forwarded, nobody_came, take_up
from ringwake.edge.virtual_uas import accompany
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Kind
from ringwake.model.store_ops import Failed, Finish, ListBindings, Park, Parked, Recovered
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import Hop, forward, record_route
from ringwake.sip.errors import SipError
from ringwake.sip.fields import expires
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.sip.via import COOKIE
from ringwake.wake.allowance import Suppressed
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NO_WAKE
from ringwake.wake.parked_call import ParkedCall
from ringwake.wake.plan import Action, Target, plan

Adopt: TypeAlias = Callable[[Request, Flow], ServerTransaction]
"""Rebuilds the server transaction of a stored INVITE that came down a flow."""
NOT_TAKEN = SipError(503, "the store takes nothing, so it is not known whom to call")
"""Without Retry-After, which would keep a PBX from sending us any call at all (RFC 3261 section 21.5.4)."""
MOST_UNDER_WAY = 10
"""Calls to one account, the last ones included, with which one more over its caller's limit rings a phone awake."""
RECOVERY_SECONDS = 5.0
"""How long a call is waited for at least when it was found after a crash, its own time being over."""


def invite(core: Core, arrived: RequestArrived, account: Account, now: float, *, only: str = "") -> Effects:
    """Park an INVITE and set its phones ringing; `only` is the id of the one binding that is called, if not all are.

    Raises:
        SipError: 482 for another copy of a call that is under way, or has just ended.
    """
    request = arrived.request
    wall, caller = core.wall(now), core.sender(request, arrived.flow)
    record = CallRecord(
        id=core.key("call", request, account.aor),
        trace=core.trace(request),
        aor=account.aor,
        invite=request.encode(),
        flow=arrived.flow,
        received_at=wall,
        wake_until=wall + _patience(core, request),
        caller=caller.binding,
        caller_aor=caller.aor,
        only=only,
    )
    if core.calls.get(record.id) is not None:
        raise SipError(482, "this very INVITE is served already")
    words = core.announce(request, account, arrived.flow)
    note = Event(Happened.INVITE_RECEIVED, now, record.trace, {"aor": account.aor, "call_id": request.call_id})
    context = ResponseContext(arrived.transaction, request, to_tag=core.tag())
    over = core.means.callers.refusal(words.caller.key, account.aor, now)
    if over is not None:
        return (
            Note(note),
            _unless_awake(core, arrived, record, over, park=lambda: _park(core, record, context, words)[1]),
        )
    return (Note(note), *_park(core, record, context, words)[1])


def _park(core: Core, record: CallRecord, context: ResponseContext, words: Announcement) -> tuple[ParkedCall, Effects]:
    call = _call(core, record, context, words)

    def applied(parked: Parked, now: float) -> Effects:
        return _start(core, call, parked.bindings, now)

    def then(_: Parked, now: float) -> Effects:
        parked = Event(Happened.CALL_PARKED, now, record.trace, {"aor": record.aor})
        return (*_trying(core, call, now), Note(parked))

    def otherwise(failed: Failed, now: float) -> Effects:
        fields: dict[str, Field] = {"op": "park", "reason": failed.reason}
        noted = Note(Event(Happened.STORE_FAILED, now, record.trace, fields))
        if context.final is None and not context.branches:
            core.calls.forget(record.id)
            return (noted, *refuse(context.transaction, context.request, NOT_TAKEN, to_tag=core.tag(), now=now))
        # The call is in memory and its phones are being woken: it rings even with a full disk.
        return (*_trying(core, call, now), noted)

    return call, (Persist(Park(call=record), applied=applied, then=then, otherwise=otherwise),)


def recover(core: Core, found: Recovered, now: float, *, adopt: Adopt) -> Effects:
    """Take up the calls that an earlier life of the process left open: each gets its one final answer.

    Args:
        core: the parts of the server.
        found: the open calls.
        now: monotonic seconds.
        adopt: rebuilds a server transaction, so that the answer goes where the INVITE came from.
    """
    effects: list[Effects] = []
    gone = gone_on(found)
    for stored, bindings in found.calls:
        request = parse(stored.invite)
        if stored.id in gone:
            effects.append((Persist(Finish(call=stored.id, end=CallEnd.NO_WAKE)),))
        elif isinstance(request, Request):
            context = ResponseContext(adopt(request, stored.flow), request, to_tag=core.tag())
            effects.append(_take_up(core, stored, context, bindings, now=now))
    return tuple(effect for several in effects for effect in several)


def _take_up(
    core: Core, stored: CallRecord, context: ResponseContext, bindings: tuple[Binding, ...], *, now: float
) -> Effects:
    wall, timing = core.wall(now), core.means.timing
    account = core.account(stored.aor)
    if stored.is_cancelled:
        return (*context.refuse(487), Persist(Finish(call=stored.id, end=CallEnd.CANCELLED)))
    if is_forwarded(stored) and wall < stored.received_at + MOST_SECONDS:
        return take_up(core, stored, context, now)
    if account is None:
        return (*context.refuse(404), Persist(Finish(call=stored.id, end=CallEnd.ERROR)))
    if (refusal := max((status for _, status in stored.refusals), default=0)) >= 600:
        return (*context.refuse(refusal), Persist(Finish(call=stored.id, end=CallEnd.DECLINED)))
    if wall >= max(stored.received_at + timing.wake, stored.wake_until) + timing.ring:
        # Nobody has waited for so long: no phone may ring for this any more.
        return (*context.refuse(NO_WAKE), Persist(Finish(call=stored.id, end=CallEnd.NO_WAKE)))
    record = replace(stored, wake_until=max(stored.wake_until, wall + RECOVERY_SECONDS))
    call = _call(core, record, context, core.announce(context.request, account, record.flow))
    fields: dict[str, Field] = {"aor": record.aor, "call_id": context.request.call_id}
    note = Note(Event(Happened.CALL_RECOVERED, now, record.trace, fields))
    # It is on disk, and the 100 may have died with the process that put it there.
    trying = Respond(context.transaction, reply(context.request, 100))
    return (note, trying, *_start(core, call, bindings, now), *accompany(core, call, now))


def _patience(core: Core, request: Request) -> float:
    """Return how many seconds a call waits for a phone to wake: no longer than its Expires says (section 20.19)."""
    asked = expires(request.headers)
    return min(core.means.timing.wake, asked) if asked else core.means.timing.wake


def _too_often(core: Core, arrived: RequestArrived, trace: str, over: Suppressed, *, now: float) -> Effects:
    """Turn a call away that would wake phones too often. Only this account is meant, so it is 480 and not 503."""
    error = SipError(NO_WAKE, over.reason, (("retry-after", str(ceil(over.until - now))),))
    suppressed = Event(Happened.PUSH_SUPPRESSED, now, trace, {"reason": over.reason})
    ended = Event(Happened.CALL_ENDED, now, trace, {"end": CallEnd.NO_WAKE.value, "status": error.status})
    # Kept for retransmissions, whose credentials would be counted as used.
    refused = refuse(arrived.transaction, arrived.request, error, to_tag=core.tag(), now=now)
    return (Note(suppressed), *refused, Note(ended))


def _call(core: Core, record: CallRecord, context: ResponseContext, words: Announcement) -> ParkedCall:
    call = ParkedCall(
        record,
        context,
        words,
        compose=lambda record, binding, flow: compose(core, record, binding, flow),
        means=core.means,
    )
    call.nobody_came = lambda now: nobody_came(core, call, now, park=partial(_park, core))
    core.calls.add(record.id, call, transaction=context.transaction, aor=record.aor)
    return call


def _start(core: Core, call: ParkedCall, bindings: tuple[Binding, ...], now: float) -> Effects:
    targets = [
        replace(target, action=Action.AWAIT)
        if target.action is Action.SKIP and target.binding.phone in call.record.invited
        else target
        for target in _targets(core, call.record, call.context.request, bindings, now=now)
    ]
    effects = core.calls.keep(call.record.id, call.start(targets, now), now)
    if not targets:
        core.calls.forget(call.record.id)  # nobody was sent anything, so nothing of it can still come
    return effects


def _unless_awake(
    core: Core, arrived: RequestArrived, record: CallRecord, over: Suppressed, *, park: Callable[[], Effects]
) -> Persist:
    """Turn a call away that is over its caller's limit, unless it finds a phone awake."""

    def applied(bindings: tuple[Binding, ...], now: float) -> Effects:
        if _may_ring(core, record, arrived.request, bindings, now=now):
            return park()
        return _too_often(core, arrived, record.trace, over, now=now)

    def otherwise(_: Failed, now: float) -> Effects:
        if arrived.transaction.octets or core.calls.get(record.id) is not None:
            return NOTHING  # it was applied
        return _too_often(core, arrived, record.trace, over, now=now)

    return Persist(ListBindings(aor=record.aor, wall=record.received_at), applied=applied, otherwise=otherwise)


def _may_ring(core: Core, record: CallRecord, request: Request, bindings: tuple[Binding, ...], *, now: float) -> bool:
    """Tell whether a call over its caller's limit finds a phone awake: it costs no wake. Not in a flood, though."""
    under_way = sum(isinstance(owner, ParkedCall) for _, owner in core.calls.calling(record.aor))
    if under_way >= MOST_UNDER_WAY:
        return False
    return any(target.action is Action.RING for target in _targets(core, record, request, bindings, now=now))


def _targets(
    core: Core, record: CallRecord, request: Request, bindings: tuple[Binding, ...], *, now: float
) -> list[Target]:
    refusals = dict(record.refusals)
    meant = [known for known in bindings if core.may_reach(request, known) and known.is_meant(record.only)]
    left = [known for known in meant if known.phone not in refusals]
    return plan(left, is_live=core.presence.is_open, wall=core.wall(now), kind=Kind.CALL)


def _trying(core: Core, call: ParkedCall, now: float) -> Effects:
    """Say 100, unless something was said already; and more, where the caller is to hear more."""
    context = call.context
    if context.final is not None or any(branch.is_ringing for branch in context.branches):
        return NOTHING
    is_said = bool(context.transaction.octets)  # when the call has gone on from another account
    trying = NOTHING if is_said else (Respond(context.transaction, reply(context.request, 100)),)
    return (*trying, *accompany(core, call, now))


def compose(core: Core, record: CallRecord, binding: Binding, flow: Flow) -> Request:
    """Build the INVITE that goes to a phone: always the same branch, so that a second one is a retransmission."""
    request = parse(record.invite)
    assert isinstance(request, Request)
    branch = core.seal.digest("branch", f"{record.id} {binding.way}".encode()) + loop_mark(request, core.seal)
    callee = FlowToken(flow, binding.id, binding.aor)
    caller = FlowToken(record.flow, record.caller, record.caller_aor)
    routes = (record_route(callee, core.seal), record_route(caller, core.seal))
    hop = Hop(flow=flow, branch=COOKIE + branch, uri=binding.uri, record_routes=routes, path=binding.path)
    return forward(request, hop)
