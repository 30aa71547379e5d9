"""Which of a callee's phones are called at once, which are woken first, and which not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from enum import Enum

from ringwake.model.binding import Binding, DeviceState
from ringwake.model.push import Kind
from ringwake.sip.flow import Flow, Transport

UDP_AWAKE_SECONDS = 30.0
"""A phone with a push token whose flow is UDP, or a proxy's, counts as awake this long after its REGISTER: a datagram
socket that was closed says nothing, and a push to a phone that is awake does no harm (RFC 8599 section 5.6.2)."""


class Action(Enum):
    """What to do about one binding."""

    RING = "ring"
    WAKE = "wake"
    AWAIT = "await"
    """It had the INVITE before a restart and lost its flow by that: it will come back by itself."""
    SKIP = "skip"


_ORDER = (Action.RING, Action.WAKE, Action.SKIP)


@dataclass(frozen=True, slots=True)
class Target:
    """One phone and what to do about it."""

    binding: Binding
    action: Action
    others: tuple[Binding, ...] = ()
    """Further flows of a phone that is to ring, best first: for when this one turns out to be dead (RFC 5626 7)."""
    ring_after: float = 0.0
    """Seconds after the first phones when it is called or woken, unless the call was answered by then."""


def plan(bindings: Iterable[Binding], *, is_live: Callable[[Flow], bool], wall: float, kind: Kind) -> list[Target]:
    """Decide about each phone, by its best flow: one that is live, then one that can be woken, then the newest.

    Two flows of one phone are never tried at once (RFC 5626 section 7).

    Args:
        bindings: current ones of one AOR.
        is_live: whether bytes can be sent down a flow now.
        wall: epoch seconds.
        kind: of the push that would wake the phone.
    """
    phones: dict[str, list[Target]] = {}
    for binding in sorted(bindings, key=lambda b: (-b.registered_at, b.id)):
        target = Target(binding, _action(binding, is_live=is_live, wall=wall, kind=kind))
        phones.setdefault(binding.instance or binding.phone, []).append(target)
    return [_best(flows) for flows in phones.values()]


def is_awake(binding: Binding, *, is_live: Callable[[Flow], bool], wall: float) -> bool:
    """Tell whether a request may go down the binding's flow right now."""
    silent = wall - binding.registered_at > UDP_AWAKE_SECONDS
    # A proxy's flow stays open while the phone behind it sleeps: it says as little as a datagram socket.
    is_mute = binding.flow.transport is Transport.UDP or bool(binding.path)
    if binding.push is not None and is_mute and silent:
        return False
    return is_live(binding.flow)


def _best(flows: list[Target]) -> Target:
    best = min(flows, key=lambda target: _ORDER.index(target.action))
    if best.action is not Action.RING:
        return best
    return replace(best, others=tuple(f.binding for f in flows if f.action is Action.RING and f is not best))


def _action(binding: Binding, *, is_live: Callable[[Flow], bool], wall: float, kind: Kind) -> Action:
    state = binding.state(is_live=is_awake(binding, is_live=is_live, wall=wall), wall=wall)
    if state is DeviceState.AWAKE:
        return Action.RING
    can_wake = state is DeviceState.ASLEEP and binding.push is not None and binding.push.vehicle(kind) is not None
    return Action.WAKE if can_wake else Action.SKIP
