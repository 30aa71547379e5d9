"""Requests inside a dialog, and the ACK to a 2xx: they follow the sealed tokens of our Record-Route."""

from __future__ import annotations

from ringwake.edge.answers import refuse
from ringwake.edge.core import Core
from ringwake.edge.relay import Relay
from ringwake.model.effects import NOTHING, Effects, Respond
from ringwake.model.effects import Relay as Send
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.routing import Hop, Routed, forward
from ringwake.sip.errors import SipError
from ringwake.sip.flow import Flow
from ringwake.sip.methods import INVITE
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.via import COOKIE

UNREACHABLE = SipError(504, "the other side cannot be reached now")
"""Hurts the transaction only; a 480 would end the dialog (RFC 5057, standards L9)."""
_NO_ANSWER = {INVITE: 408}


def in_dialog(core: Core, arrived: RequestArrived, routed: Routed, now: float) -> Effects:
    """Pass a request to the other side of its dialog; 504 when that side cannot be reached."""
    request = routed.request
    flow = flow_of(core, routed.tokens[-1])
    if flow is None:
        # In a transaction, which absorbs the ACK: by its Route it would go on.
        return refuse(arrived.transaction, request, UNREACHABLE, to_tag=core.tag(), now=now)
    lapse = _NO_ANSWER.get(request.method, UNREACHABLE.status)
    relay = Relay(ResponseContext(arrived.transaction, request, to_tag=core.tag(), lapse=lapse))
    owner_id = core.ids.hex(16)
    core.calls.add(owner_id, relay, transaction=arrived.transaction)
    hop = Hop(flow=flow, branch=COOKIE + core.ids.hex(24))
    effects = relay.begin("", forward(request, hop), flow, now)
    trying = (Respond(arrived.transaction, reply(request, 100)),) if request.method == INVITE else NOTHING
    return (*trying, *core.calls.keep(owner_id, effects, now))


def ack(core: Core, routed: Routed) -> Effects:
    """Pass the ACK to a 2xx on. It is never parked: without a live flow it goes nowhere."""
    flow = flow_of(core, routed.tokens[-1]) if routed.tokens else None
    if flow is None:
        return NOTHING
    return (Send(forward(routed.request, Hop(flow=flow, branch=COOKIE + core.ids.hex(24))), flow),)


def flow_of(core: Core, token: FlowToken) -> Flow | None:
    """Return the flow that leads to one side of a dialog: the phone's newest one, else the one it had then."""
    newest = core.presence.flow_of(token.binding) if token.binding else None
    if newest is not None:
        return newest
    return token.flow if core.presence.is_open(token.flow) else None
