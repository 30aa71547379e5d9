"""How often phones may be woken, by the configuration; and what stands between the calls and the senders."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Mapping

from ringwake.app.system import zone_of
from ringwake.config.schema import Config
from ringwake.edge.core import Core
from ringwake.edge.counted_pusher import CountedPusher
from ringwake.edge.watched_pusher import Meter, WatchedPusher
from ringwake.model.app import App
from ringwake.model.events import Event
from ringwake.model.ports import Pusher
from ringwake.observe.metrics import Metrics
from ringwake.wake.breaker import Circuits, State
from ringwake.wake.budget import Budget
from ringwake.wake.callers import Callers
from ringwake.wake.means import Means, Timing
from ringwake.wake.rate import Rate


def means_of(config: Config, wall: Callable[[float], float]) -> Means:
    """Return what calls that wait work with; `wall` turns monotonic into epoch seconds."""
    wake, limits = config.wake, config.limits
    timing = Timing(wake=wake.wake_timeout, request=wake.request_timeout, ring=wake.ring_timeout)
    tenants = Rate(most=limits.wakes_per_tenant)
    return Means(
        timing=timing,
        budget=Budget(
            window=timing.wake, wakes=limits.wakes_per_minute, apps=Rate(most=limits.wakes_per_app), tenants=tenants
        ),
        callers=Callers(each=limits.calls_per_minute, total=limits.calls_per_caller, tenants=tenants),
        zone=zone_of,
        wall=wall,
        jitter=random.random,
    )


def pusher_of(
    senders: Pusher, core: Core, meter: Meter, *, note: Callable[[Event], None], clock: Callable[[], float]
) -> Pusher:
    """Stand before the senders with the ledger, the meter and the circuits."""
    watched = WatchedPusher(senders, core.means.budget.circuits, meter=meter, note=note, clock=clock)
    return CountedPusher(watched, core.ledger, time.time)


def add_circuits(metrics: Metrics, circuits: Circuits, apps: Iterable[App], clock: Callable[[], float]) -> None:
    """Show how the circuits of the applications stand: the worst, where one has several or several share a label."""
    known = [app.key for app in apps]

    def values() -> Mapping[tuple[str, ...], float]:
        states = {(key.provider.value, metrics.pushes.app(key)): float(State.CLOSED) for key in known}
        for key, state in circuits.states(clock()):
            label = (key.provider.value, metrics.pushes.app(key))
            states[label] = max(states.get(label, 0.0), float(state))
        return {(provider, app): state for (provider, app), state in states.items()}

    text = "how a provider is asked: 0 freely, 1 by one push to see whether it is back, 2 not at all"
    metrics.gauges("provider_circuit_state", text, ("provider", "app"), values)
