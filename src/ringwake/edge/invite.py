"""INVITE to an account: parked, and its phones called or woken (design.md section 3, "One call")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from math import ceil

from ringwake.edge.answers import refuse
from ringwake.edge.core import Core
from ringwake.edge.forwarding import not_taken
from ringwake.edge.ghost_call import call_over
from ringwake.edge.incoming import Incoming
from ringwake.edge.reception import received
from ringwake.edge.virtual_uas import accompany
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Kind
from ringwake.model.store_ops import Failed, ListBindings, Park, Parked
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
from ringwake.sip.via import COOKIE
from ringwake.wake.allowance import Suppressed
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NO_WAKE
from ringwake.wake.parked_call import ParkedCall
from ringwake.wake.plan import Action, Target, plan
from ringwake.wake.turns import in_turn

NOT_TAKEN = SipError(503, "the store takes nothing, so it is not known whom to call")
"""Without Retry-After, which would keep a PBX from sending us any call at all (RFC 3261 section 21.5.4)."""
MOST_UNDER_WAY = 10
"""Calls to one account, the last ones included, with which one more over its caller's limit rings a phone awake."""


def invite(core: Core, arrived: RequestArrived, account: Account, now: float, *, only: str = "") -> Effects:
    """Park an INVITE and set its phones ringing; `only` is the id of the one binding that is called, if not all are.

    Raises:
        SipError: 482 for another copy of a call that is under way, or has just ended.
    """
    request, record = arrived.request, _record(core, arrived, account, now, only=only)
    if core.calls.get(record.id) is not None:
        raise SipError(482, "this very INVITE is served already")
    note = Event(Happened.INVITE_RECEIVED, now, record.trace, {"aor": account.aor, "call_id": request.call_id})
    incoming = Incoming(arrived=arrived, record=record, account=account, now=now)
    turned = received(core, incoming, enter=partial(_enter, core))
    if turned is not None:
        return (Note(note), *turned)
    words = core.announce(request, account, arrived.flow)
    context = ResponseContext(arrived.transaction, request, to_tag=core.tag())
    over = core.means.callers.refusal(words.caller.key, account.aor, now)
    if over is not None:
        return (
            Note(note),
            _unless_awake(core, arrived, record, over, park=lambda: _park(core, record, context, words)),
        )
    return (Note(note), *_park(core, record, context, words))


def _record(core: Core, arrived: RequestArrived, account: Account, now: float, *, only: str) -> CallRecord:
    request, wall = arrived.request, core.wall(now)
    caller = core.sender(request, arrived.flow)
    return CallRecord(
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


def _enter(core: Core, incoming: Incoming) -> Effects:
    """Let a call that has gone on from another account reach the phones of this one."""
    turned = received(core, incoming, enter=partial(_enter, core))
    if turned is not None:
        return turned
    arrived, account = incoming.arrived, incoming.account
    context = ResponseContext(arrived.transaction, arrived.request, to_tag=core.tag())
    return _park(core, incoming.record, context, core.announce(arrived.request, account, arrived.flow))


def _park(core: Core, record: CallRecord, context: ResponseContext, words: Announcement) -> Effects:
    call = parked_call(core, record, context, words)

    def applied(parked: Parked, now: float) -> Effects:
        return set_out(core, call, parked, now)

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

    return (Persist(Park(call=record), applied=applied, then=then, otherwise=otherwise),)


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


def parked_call(core: Core, record: CallRecord, context: ResponseContext, words: Announcement) -> ParkedCall:
    """Take up a call that waits for phones, or has waited for them before a restart."""
    call = ParkedCall(
        record,
        context,
        words,
        compose=lambda record, binding, flow: compose(core, record, binding, flow),
        means=core.means.answering(words.account.settings.calls.no_answer),
    )
    call.not_taken = lambda lack, now: not_taken(core, call, lack, now, enter=partial(_enter, core))
    call.ending.over = partial(call_over, core)
    core.calls.add(record.id, call, transaction=context.transaction, aor=record.aor)
    return call


def set_out(core: Core, call: ParkedCall, parked: Parked, now: float, *, age: float = 0.0) -> Effects:
    """Call the phones of an account, or wake them.

    Args:
        core: the parts of the server.
        call: parked, and not begun in this life of the process.
        parked: what was found of its account.
        now: monotonic seconds.
        age: seconds that the call has waited in an earlier life: its turns have come as much nearer.
    """
    targets = [
        _resumed(target, age=age, was_invited=target.binding.phone in call.record.invited)
        for target in _targets(core, call.record, call.context.request, parked.bindings, now=now)
    ]
    effects = core.calls.keep(call.record.id, call.start(targets, now, unread=parked.unread), now)
    if not targets:
        core.calls.forget(call.record.id)  # nobody was sent anything, so nothing of it can still come
    return effects


def _resumed(target: Target, *, age: float, was_invited: bool) -> Target:
    """Return what is to be done about a phone after a restart: if it had the INVITE, its turn has come."""
    if not was_invited:
        return replace(target, ring_after=max(0.0, target.ring_after - age))
    return replace(target, ring_after=0.0, action=Action.AWAIT if target.action is Action.SKIP else target.action)


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
    targets = plan(left, is_live=core.presence.is_open, wall=core.wall(now), kind=Kind.CALL)
    account = core.account(record.aor)
    return targets if account is None else in_turn(targets, account.settings)


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
