"""Requests inside a dialog, and the ACK to a 2xx: they follow the sealed tokens of our Record-Route.

A side that cannot be reached is woken if it has put a PURR into the dialog (RFC 8599 section 6.2.3), and only then.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from ringwake.edge.answers import refuse
from ringwake.edge.core import Core
from ringwake.edge.park import Terms, park, with_bindings
from ringwake.edge.upstream.up import Ascent, is_asked_by_pbx, send_up
from ringwake.edge.upstream.upward_relay import UpwardRelay
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Respond
from ringwake.model.effects import Relay as Send
from ringwake.model.push import Kind
from ringwake.model.tenant import Tenant
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.purr import Purr, purr_of
from ringwake.proxy.routing import Hop, Routed, forward
from ringwake.proxy.sequence import raise_sequence
from ringwake.sip.errors import SipError
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.methods import INVITE
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.via import COOKIE
from ringwake.wake.plan import Action, Target
from ringwake.wake.relay import Relay


class Side(NamedTuple):
    """One side of a dialog, and where it is reached now."""

    flow: Flow
    token: FlowToken
    shift: int
    """How much higher it counts CSeq than the other side does."""


UNREACHABLE = SipError(504, "the other side cannot be reached now")
"""Hurts the transaction only; a 480 would end the dialog (RFC 5057, standards L9)."""
_NO_ANSWER = {INVITE: 408}


def in_dialog(core: Core, arrived: RequestArrived, routed: Routed, now: float) -> Effects:
    """Pass a request to the other side of its dialog; 504 when that side cannot be reached."""
    token = routed.tokens[-1]
    purr = purr_of(routed.request, core.seal)
    if purr is not None and purr.binding == token.binding:
        return _to_phone(core, arrived, purr, routed, now=now)
    flow = flow_of(core, token)
    if flow is None:
        # In a transaction, which absorbs the ACK: by its Route it would go on.
        return refuse(arrived.transaction, routed.request, UNREACHABLE, to_tag=core.tag(), now=now)
    return _relay(core, arrived, Side(flow, token, routed.shift), now)


def ack(core: Core, routed: Routed) -> Effects:
    """Pass the ACK to a 2xx on. It is never parked: without a live flow it goes nowhere."""
    flow = flow_of(core, routed.tokens[-1]) if routed.tokens else None
    if flow is None:
        return NOTHING
    token = routed.tokens[-1]
    tenant = core.directory.tenant(token.tenant)
    is_to_pbx = tenant is not None and is_asked_by_pbx(core, tenant, routed.tokens[0].aor)
    onward = forward(routed.request, Hop(flow=flow, branch=COOKIE + core.ids.hex(24), is_to_pbx=is_to_pbx))
    raise_sequence(onward, routed.shift)
    return (Send(onward, flow),)


def flow_of(core: Core, token: FlowToken) -> Flow | None:
    """Return the flow that leads to one side of a dialog: the phone's newest one, else the one it had then."""
    newest = core.presence.flow_of(token.binding) if token.binding else None
    if newest is not None:
        return newest
    if core.presence.is_open(token.flow):
        return token.flow
    return core.trunks.flow(token.tenant) if token.tenant else None


def _relay(core: Core, arrived: RequestArrived, side: Side, now: float) -> Effects:
    request, token = arrived.request, side.token
    lapse = _NO_ANSWER.get(request.method, UNREACHABLE.status)
    tenant = core.directory.tenant(token.tenant) if token.tenant else None
    if tenant is not None:
        return _up(core, arrived, tenant, side, now=now)
    context = ResponseContext(arrived.transaction, request, to_tag=core.tag(), lapse=lapse)
    relay = UpwardRelay(context, None, heard=lambda _: NOTHING) if side.shift else Relay(context)
    owner_id = core.ids.hex(16)
    core.calls.add(owner_id, relay, transaction=arrived.transaction)
    onward = forward(request, Hop(flow=side.flow, branch=COOKIE + core.ids.hex(24)))
    raise_sequence(onward, side.shift)
    effects = relay.begin("", onward, side.flow, now)
    trying = (Respond(arrived.transaction, reply(request, 100)),) if request.method == INVITE else NOTHING
    return (*trying, *core.calls.keep(owner_id, effects, now))


def _up(core: Core, arrived: RequestArrived, tenant: Tenant, side: Side, *, now: float) -> Effects:
    request = arrived.request

    def rewrite(again: Request) -> None:
        """Inside a dialog the PBX takes the same CSeq twice, and the phone could not be told of another one."""
        again.headers.set("cseq", f"{request.cseq.number + side.shift} {request.method}")

    ascent = Ascent(
        tenant=tenant,
        aor=core.sender(request, arrived.flow).aor,
        flow=side.flow,
        branch=COOKIE + core.ids.hex(24),
        shift=side.shift,
        rewrite=rewrite,
        lapse=_NO_ANSWER.get(request.method, UNREACHABLE.status),
    )
    return send_up(core, arrived, ascent, now)


def _hop(binding: Binding, branch: str) -> Hop:
    """Inside a dialog the Request-URI is the phone's Contact already, and no more routes are recorded."""
    return Hop(flow=binding.flow, branch=branch)


def _may_be_woken(binding: Binding) -> bool:
    return binding.push is not None and binding.push.vehicle(Kind.WAKE) is not None


def _to_phone(core: Core, arrived: RequestArrived, purr: Purr, routed: Routed, *, now: float) -> Effects:
    """Pass a request to a phone that may be woken for it."""
    token = routed.tokens[-1]

    def found(bindings: tuple[Binding, ...], now: float) -> Effects:
        flow = flow_of(core, token)
        known = next((binding for binding in bindings if binding.id == purr.binding), None)
        account = core.account(purr.aor)
        if known is None or account is None or not _may_be_woken(known):
            if flow is not None:
                return _relay(core, arrived, Side(flow, token, routed.shift), now)
            return refuse(arrived.transaction, arrived.request, UNREACHABLE, to_tag=core.tag(), now=now)
        # A datagram socket counts as open for long: a phone in a call is awake, and one that is not is pushed to soon.
        action = Action.RING if flow is not None else Action.WAKE
        target = Target(known if flow is None else replace(known, flow=flow), action)
        terms = Terms(account=account, hop=_hop, lapse=UNREACHABLE.status, only=known.phone)
        return park(core, arrived, [target], terms, now=now)

    return with_bindings(core, arrived, purr.aor, found, now=now)
