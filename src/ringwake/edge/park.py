"""Parking a request that is neither a call nor a message, for phones that are to be woken (RFC 8599 section 5.6.2)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from ringwake.edge.answers import STORE_DOWN, refuse
from ringwake.edge.core import Core
from ringwake.model.account import Account, Aor
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist, Respond
from ringwake.model.events import Event, Happened
from ringwake.model.push import Kind
from ringwake.model.store_ops import Failed, ListBindings
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.routing import Hop, forward
from ringwake.sip.message import Request
from ringwake.sip.methods import INVITE
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.via import COOKIE
from ringwake.wake.call_pushes import Errand
from ringwake.wake.parked_request import ParkedRequest
from ringwake.wake.plan import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On what terms a request waits."""

    account: Account
    """Whose phones are meant."""
    hop: Callable[[Binding, str], Hop]
    """Says how it goes to a phone, in this branch."""
    lapse: int
    """What the sender hears when no phone comes."""
    only: str = ""
    """Id of the one binding that is meant, or empty."""
    kind: Kind = Kind.WAKE
    """Of the push that wakes a phone for it."""
    unread: int = 0
    """The number on the badge, if that push has one."""


def with_bindings(
    core: Core, arrived: RequestArrived, aor: Aor, then: Callable[[tuple[Binding, ...], float], Effects], *, now: float
) -> Effects:
    """Go on with the current bindings of an address of record; 503 when the store cannot say."""
    is_read = False

    def applied(bindings: tuple[Binding, ...], now: float) -> Effects:
        nonlocal is_read
        is_read = True
        return then(tuple(binding for binding in bindings if core.may_reach(arrived.request, binding)), now)

    def failed(failure: Failed, now: float) -> Effects:
        note = Note(Event(Happened.STORE_FAILED, now, "", {"op": "list", "reason": failure.reason}))
        if is_read:  # what failed is a write that this waited for
            return (note,)
        return (note, *refuse(arrived.transaction, arrived.request, STORE_DOWN, to_tag=core.tag(), now=now))

    return (Persist(ListBindings(aor=aor, wall=core.wall(now)), applied=applied, otherwise=failed),)


def park(core: Core, arrived: RequestArrived, targets: Sequence[Target], terms: Terms, *, now: float) -> Effects:
    """Send a request to the phones that are awake, or else wake those that sleep and let it wait for them."""
    request, owner_id, timing = arrived.request, core.ids.hex(16), core.means.timing
    is_invite = request.method == INVITE
    errand = Errand(
        id=owner_id,
        trace=core.trace(request),
        kind=terms.kind,
        wake_until=core.wall(now) + (timing.wake if is_invite else timing.request),
        only=terms.only,
    )

    def compose(binding: Binding) -> Request:
        branch = COOKIE + core.seal.digest("branch", f"{owner_id} {binding.way}".encode())
        return forward(request, terms.hop(binding, branch))

    parked = ParkedRequest(
        errand,
        ResponseContext(arrived.transaction, request, to_tag=core.tag(), lapse=terms.lapse),
        replace(core.announce(request, terms.account), unread=terms.unread),
        compose=compose,
        means=core.means,
    )
    core.calls.add(owner_id, parked, transaction=arrived.transaction, aor=terms.account.aor)
    trying = (Respond(arrived.transaction, reply(request, 100)),) if is_invite else NOTHING
    return (*trying, *core.calls.keep(owner_id, parked.start(targets, now), now))
