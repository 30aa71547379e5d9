"""Every other request to an account (REFER, SUBSCRIBE, NOTIFY, OPTIONS, unknown methods ..., strays of a dialog).

It goes to the phones that are awake, and wakes none: none of these is worth a wake that the caller did not ask for.
"""

from __future__ import annotations

from ringwake.edge.answers import STORE_DOWN, refuse, turn_away
from ringwake.edge.core import Core
from ringwake.edge.relay import Relay
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.effects import Effects, Note, Persist, Respond
from ringwake.model.events import Event, Happened
from ringwake.model.push import Kind
from ringwake.model.store_ops import Failed, ListBindings
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import Hop, forward, record_route
from ringwake.sip.errors import SipError
from ringwake.sip.methods import INVITE
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.via import COOKIE
from ringwake.wake.plan import Action, plan


def stand_alone(core: Core, arrived: RequestArrived, account: Account, now: float, *, otherwise: int = 480) -> Effects:
    """Pass a request to the phones of an account that are awake; `otherwise` is the status when there is none."""
    is_sent = False

    def applied(bindings: tuple[Binding, ...], now: float) -> Effects:
        nonlocal is_sent
        is_sent = True
        return _send(core, arrived, bindings, now, otherwise=otherwise)

    def failed(failure: Failed, now: float) -> Effects:
        note = Note(Event(Happened.STORE_FAILED, now, "", {"op": "list", "reason": failure.reason}))
        if is_sent:  # it was read; what failed is a write that it waited for
            return (note,)
        return (note, *refuse(arrived.transaction, arrived.request, STORE_DOWN, to_tag=core.tag(), now=now))

    return (Persist(ListBindings(aor=account.aor, wall=core.wall(now)), applied=applied, otherwise=failed),)


def _send(core: Core, arrived: RequestArrived, bindings: tuple[Binding, ...], now: float, *, otherwise: int) -> Effects:
    bindings = tuple(binding for binding in bindings if core.may_reach(arrived.request, binding))
    targets = plan(bindings, is_live=core.presence.is_open, wall=core.wall(now), kind=Kind.MESSAGE)
    awake = [target.binding for target in targets if target.action is Action.RING]
    if not awake:
        error = SipError(otherwise, "no phone of the account is awake")
        return turn_away(arrived.transaction, arrived.request, error, now=now)
    relay = Relay(ResponseContext(arrived.transaction, arrived.request, to_tag=core.tag(), lapse=otherwise))
    owner_id = core.ids.hex(16)
    core.calls.add(owner_id, relay, transaction=arrived.transaction)
    caller = core.sender(arrived.request, arrived.flow)
    effects: list[Effects] = []
    for binding in awake:
        callee = FlowToken(binding.flow, binding.id, binding.aor)
        routes = (record_route(callee, core.seal), record_route(caller, core.seal))
        branch = COOKIE + core.ids.hex(24) + loop_mark(arrived.request, core.seal)
        hop = Hop(flow=binding.flow, branch=branch, uri=binding.uri, record_routes=routes, path=binding.path)
        effects.append(relay.begin(binding.id, forward(arrived.request, hop), binding.flow, now))
    if arrived.request.method == INVITE:
        effects.insert(0, (Respond(arrived.transaction, reply(arrived.request, 100)),))
    return core.calls.keep(owner_id, tuple(effect for several in effects for effect in several), now)
