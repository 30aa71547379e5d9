"""Every other request to an account (REFER, SUBSCRIBE, NOTIFY, OPTIONS, unknown methods ..., strays of a dialog).

It goes to the phones that are awake. When none is, some methods wake those that sleep; the others are not worth a wake
that the caller did not ask for: PBXs send an OPTIONS each minute.
"""

from __future__ import annotations

from collections.abc import Callable

from ringwake.edge.answers import turn_away
from ringwake.edge.core import Core
from ringwake.edge.park import Terms, park, with_bindings
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.effects import Effects
from ringwake.model.push import Kind
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import Hop, record_route
from ringwake.sip.errors import SipError
from ringwake.sip.fields import address
from ringwake.sip.transactions.events import RequestArrived
from ringwake.wake.plan import Action, plan


def stand_alone(core: Core, arrived: RequestArrived, account: Account, now: float, *, only: str = "") -> Effects:
    """Pass a request to the phones of an account, or to the one that is meant.

    Args:
        core: the parts of the server.
        arrived: the request; with a To-tag it is a stray, and wakes nobody but who has asked for that.
        account: whose phones.
        now: monotonic seconds.
        only: id of the binding that the request names by its PURR.
    """
    is_stray = bool(address(arrived.request.headers, "to").tag)
    wakes = bool(only) or (not is_stray and arrived.request.method in core.wakes_for)
    lapse = _lapse(is_stray=is_stray, is_meant=bool(only))

    def found(bindings: tuple[Binding, ...], now: float) -> Effects:
        meant = [binding for binding in bindings if binding.is_meant(only)]
        targets = plan(meant, is_live=core.presence.is_open, wall=core.wall(now), kind=Kind.WAKE)
        able = [t for t in targets if t.action is Action.RING or (wakes and t.action is Action.WAKE)]
        if not able:
            error = SipError(lapse, "no phone of the account can be reached")
            return turn_away(arrived.transaction, arrived.request, error, now=now)
        terms = Terms(account=account, hop=_way(core, arrived), lapse=lapse, only=only)
        return park(core, arrived, able, terms, now=now)

    return with_bindings(core, arrived, account.aor, found, now=now)


def _lapse(*, is_stray: bool, is_meant: bool) -> int:
    """Return what the sender hears when no phone comes: nothing that ends a dialog which we know of (RFC 5057)."""
    if not is_stray:
        return 480
    return 504 if is_meant else 481


def _way(core: Core, arrived: RequestArrived) -> Callable[[Binding, str], Hop]:
    caller, mark = core.sender(arrived.request, arrived.flow), loop_mark(arrived.request, core.seal)

    def hop(binding: Binding, branch: str) -> Hop:
        callee = FlowToken(binding.flow, binding.id, binding.aor)
        routes = (record_route(callee, core.seal), record_route(caller, core.seal))
        return Hop(flow=binding.flow, branch=branch + mark, uri=binding.uri, record_routes=routes, path=binding.path)

    return hop
