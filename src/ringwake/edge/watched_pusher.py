"""The way to the providers, watched: what each push came to is told to the circuits, the meter and the log."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from ringwake.model.events import Event, Field, Happened
from ringwake.model.ports import Pusher
from ringwake.model.push import Outcome, Push
from ringwake.wake.breaker import Change, Circuits


class Meter(Protocol):
    """Counts pushes."""

    def began(self, push: Push) -> None:
        """Take note that a push goes."""

    def ended(self, push: Push, outcome: Outcome | None, seconds: float) -> None:
        """Take note of what it came to, and after how long; None when nobody waits for that any more."""


class WatchedPusher:
    """Implements `Pusher` by another one."""

    def __init__(
        self,
        pusher: Pusher,
        circuits: Circuits,
        *,
        meter: Meter,
        note: Callable[[Event], None],
        clock: Callable[[], float],
    ) -> None:
        """Stand before `pusher`; `clock` gives monotonic seconds."""
        self._pusher = pusher
        self._circuits = circuits
        self._meter = meter
        self._note = note
        self._clock = clock

    async def send(self, push: Push) -> Outcome:
        """Send by the other one."""
        began, outcome = self._clock(), None
        self._meter.began(push)
        try:
            outcome = await self._pusher.send(push)
        finally:
            now = self._clock()
            self._meter.ended(push, outcome, now - began)
        change = self._circuits.heard(push, outcome, now)
        if change is not None:
            self._tell(push, outcome, change, now)
        return outcome

    async def close(self) -> None:
        """Close the other one."""
        await self._pusher.close()

    def _tell(self, push: Push, outcome: Outcome, change: Change, now: float) -> None:
        app = push.target.app
        fields: dict[str, Field] = {"provider": app.provider.value, "app": app.param}
        if change is Change.OPENED:
            fields["reason"] = getattr(outcome, "reason", "")
            self._note(Event(Happened.CIRCUIT_OPENED, now, "", fields))
        else:
            self._note(Event(Happened.CIRCUIT_CLOSED, now, "", fields))
