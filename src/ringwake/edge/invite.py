"""INVITE to an account: parked, and its phones called or woken (design.md section 3, "One call")."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from ringwake.edge.core import Core
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Kind
from ringwake.model.store_ops import Failed, Finish, Park, Parked, Recovered
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import Hop, forward, record_route
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.sip.via import COOKIE
from ringwake.wake.parked_call import ParkedCall
from ringwake.wake.plan import Action, plan

Adopt: TypeAlias = Callable[[Request, Flow], ServerTransaction]
"""Rebuilds the server transaction of a stored INVITE that came down a flow."""
RECOVERY_SECONDS = 5.0
"""How long a call is waited for at least when it was found after a crash, its own time being over."""


def invite(core: Core, arrived: RequestArrived, account: Account, now: float) -> Effects:
    """Park an INVITE and set its phones ringing."""
    request = arrived.request
    wall = core.wall(now)
    record = CallRecord(
        id=core.key("call", request, account.aor),
        trace=core.trace(request),
        aor=account.aor,
        invite=request.encode(),
        flow=arrived.flow,
        received_at=wall,
        wake_until=wall + core.means.timing.wake,
    )
    call = _call(core, record, ResponseContext(arrived.transaction, request, to_tag=core.tag()), account)
    note = Event(Happened.INVITE_RECEIVED, now, record.trace, {"aor": account.aor, "call_id": request.call_id})

    def applied(parked: Parked, now: float) -> Effects:
        return _start(core, call, parked.bindings, now)

    def then(_: Parked, now: float) -> Effects:
        parked = Event(Happened.CALL_PARKED, now, record.trace, {"aor": account.aor})
        return (*_trying(call, arrived.transaction), Note(parked))

    def otherwise(failed: Failed, now: float) -> Effects:
        # The call is in memory and its phones are being woken: it rings even with a full disk.
        fields: dict[str, Field] = {"op": "park", "reason": failed.reason}
        return (*_trying(call, arrived.transaction), Note(Event(Happened.STORE_FAILED, now, record.trace, fields)))

    return (Note(note), Persist(Park(call=record), applied=applied, then=then, otherwise=otherwise))


def recover(core: Core, found: Recovered, now: float, *, adopt: Adopt) -> Effects:
    """Take up the calls that an earlier life of the process left open: each gets its one final answer.

    Args:
        core: the parts of the server.
        found: the open calls.
        now: monotonic seconds.
        adopt: rebuilds a server transaction, so that the answer goes where the INVITE came from.
    """
    effects: list[Effects] = []
    for stored, bindings in found.calls:
        request = parse(stored.invite)
        if not isinstance(request, Request):
            continue
        record = replace(stored, wake_until=max(stored.wake_until, core.wall(now) + RECOVERY_SECONDS))
        transaction = adopt(request, record.flow)
        account = core.directory.account(record.aor)
        if account is None:
            gone = Respond(transaction, reply(request, 404, to_tag=core.tag()))
            effects.append((gone, Persist(Finish(call=record.id, end=CallEnd.ERROR))))
            continue
        call = _call(core, record, ResponseContext(transaction, request, to_tag=core.tag()), account)
        fields: dict[str, Field] = {"aor": record.aor, "call_id": request.call_id}
        effects.append((Note(Event(Happened.CALL_RECOVERED, now, record.trace, fields)),))
        effects.append(_start(core, call, bindings, now))
    return tuple(effect for several in effects for effect in several)


def _call(core: Core, record: CallRecord, context: ResponseContext, account: Account) -> ParkedCall:
    call = ParkedCall(
        record,
        context,
        core.announce(context.request, account),
        compose=lambda record, binding, flow: compose(core, record, binding, flow),
        means=core.means,
    )
    core.calls.add(record.id, call, transaction=context.transaction, aor=account.aor)
    return call


def _start(core: Core, call: ParkedCall, bindings: tuple[Binding, ...], now: float) -> Effects:
    targets = [
        replace(target, action=Action.AWAIT)
        if target.action is Action.SKIP and target.binding.id in call.record.invited
        else target
        for target in plan(bindings, is_live=core.presence.is_open, wall=core.wall(now), kind=Kind.CALL)
    ]
    return core.calls.keep(call.record.id, call.start(targets, now), now)


def _trying(call: ParkedCall, transaction: ServerTransaction) -> Effects:
    """Say 100, unless something better was said already."""
    if call.context.final is not None or any(branch.is_ringing for branch in call.context.branches):
        return NOTHING
    return (Respond(transaction, reply(call.context.request, 100)),)


def compose(core: Core, record: CallRecord, binding: Binding, flow: Flow) -> Request:
    """Build the INVITE that goes to a phone: always the same branch, so that a second one is a retransmission."""
    request = parse(record.invite)
    assert isinstance(request, Request)
    branch = core.seal.digest("branch", f"{record.id} {binding.id}".encode()) + loop_mark(request, core.seal)
    caller_binding, caller_aor = core.presence.binding_of(record.flow)
    callee = FlowToken(flow, binding.id, binding.aor)
    caller = FlowToken(record.flow, caller_binding, caller_aor)
    routes = (record_route(callee, core.seal), record_route(caller, core.seal))
    return forward(request, Hop(flow=flow, branch=COOKIE + branch, uri=binding.uri, record_routes=routes))
