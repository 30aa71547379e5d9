"""Which of a callee's phones are called at once, which are woken first, and which not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import Enum

from ringwake.model.binding import Binding, DeviceState
from ringwake.model.push import Kind
from ringwake.sip.flow import Flow, Transport

UDP_AWAKE_SECONDS = 30.0
"""A phone with a push token whose flow is UDP counts as awake this long after its REGISTER: a datagram socket that was
closed says nothing, and a push to a phone that is awake does no harm (RFC 8599 section 5.6.2)."""


class Action(Enum):
    """What to do about one binding."""

    RING = "ring"
    WAKE = "wake"
    AWAIT = "await"
    """It had the INVITE before a restart and lost its flow by that: it will come back by itself."""
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Target:
    """One binding and what to do about it."""

    binding: Binding
    action: Action


def plan(bindings: Iterable[Binding], *, is_live: Callable[[Flow], bool], wall: float, kind: Kind) -> list[Target]:
    """Decide about each binding, the most recent of an instance only (RFC 5626 section 7).

    Args:
        bindings: current ones of one AOR.
        is_live: whether bytes can be sent down a flow now.
        wall: epoch seconds.
        kind: of the push that would wake the phone.
    """
    targets: list[Target] = []
    instances: set[str] = set()
    for binding in sorted(bindings, key=lambda b: (-b.registered_at, b.id)):
        if binding.instance and binding.instance in instances:
            continue
        instances.add(binding.instance)
        targets.append(Target(binding, _action(binding, is_live=is_live, wall=wall, kind=kind)))
    return targets


def is_awake(binding: Binding, *, is_live: Callable[[Flow], bool], wall: float) -> bool:
    """Tell whether a request may go down the binding's flow right now."""
    silent = wall - binding.registered_at > UDP_AWAKE_SECONDS
    if binding.push is not None and binding.flow.transport is Transport.UDP and silent:
        return False
    return is_live(binding.flow)


def _action(binding: Binding, *, is_live: Callable[[Flow], bool], wall: float, kind: Kind) -> Action:
    state = binding.state(is_live=is_awake(binding, is_live=is_live, wall=wall), wall=wall)
    if state is DeviceState.AWAKE:
        return Action.RING
    can_wake = state is DeviceState.ASLEEP and binding.push is not None and binding.push.vehicle(kind) is not None
    return Action.WAKE if can_wake else Action.SKIP
