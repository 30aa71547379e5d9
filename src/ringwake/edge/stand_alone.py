"""Every other request to an account outside a dialog (REFER, SUBSCRIBE, NOTIFY, OPTIONS, unknown methods ...).

It goes to the phones that are awake, and wakes none: none of these is worth a wake that the caller did not ask for.
"""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.edge.relay import Relay
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.effects import Effects, Persist
from ringwake.model.push import Kind
from ringwake.model.store_ops import ListBindings
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import Hop, forward, record_route
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.via import COOKIE
from ringwake.wake.plan import Action, plan


def stand_alone(core: Core, arrived: RequestArrived, account: Account, now: float) -> Effects:
    """Pass a request to the phones of an account that are awake; 480 when there is none."""

    def applied(bindings: tuple[Binding, ...], now: float) -> Effects:
        return _send(core, arrived, bindings, now)

    return (Persist(ListBindings(aor=account.aor, wall=core.wall(now)), applied=applied),)


def _send(core: Core, arrived: RequestArrived, bindings: tuple[Binding, ...], now: float) -> Effects:
    context = ResponseContext(arrived.transaction, arrived.request, to_tag=core.tag())
    relay = Relay(context)
    owner_id = core.ids.hex(16)
    core.calls.add(owner_id, relay, transaction=arrived.transaction)
    targets = plan(bindings, is_live=core.presence.is_open, wall=core.wall(now), kind=Kind.MESSAGE)
    awake = [target.binding for target in targets if target.action is Action.RING]
    caller = FlowToken(arrived.flow, *core.presence.binding_of(arrived.flow))
    effects: list[Effects] = []
    for binding in awake:
        callee = FlowToken(binding.flow, binding.id, binding.aor)
        routes = (record_route(callee, core.seal), record_route(caller, core.seal))
        branch = COOKIE + core.ids.hex(24) + loop_mark(arrived.request, core.seal)
        hop = Hop(flow=binding.flow, branch=branch, uri=binding.uri, record_routes=routes)
        effects.append(relay.begin(binding.id, forward(arrived.request, hop), binding.flow, now))
    if not awake:
        effects.append(context.refuse(480))
    return core.calls.keep(owner_id, tuple(effect for several in effects for effect in several), now)
