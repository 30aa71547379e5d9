"""What pushes come to is told to the circuits, the meter and the log; and nothing else changes."""

from __future__ import annotations

import asyncio

import pytest
from tests.store.samples import run
from tests.wake.phones import android, push_to

from ringwake.edge.watched_pusher import WatchedPusher
from ringwake.model.events import Event, Happened
from ringwake.model.push import Accepted, Outcome, Push, Unreachable
from ringwake.wake.breaker import FAILURES, Circuits

DOWN = Unreachable("connection refused")
PUSH = push_to(android())


class Provider:
    """Answers as it is told, half a second later each time."""

    def __init__(self) -> None:
        self.now = 0.0
        self.outcome: Outcome | BaseException = Accepted()
        self.is_closed = False

    async def send(self, push: Push) -> Outcome:
        assert push is PUSH
        self.now += 0.5
        if isinstance(self.outcome, BaseException):
            raise self.outcome
        return self.outcome

    async def close(self) -> None:
        self.is_closed = True


class Metered:
    """Writes down what it is told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def began(self, push: Push) -> None:
        assert push is PUSH
        self.told.append(("began",))

    def ended(self, push: Push, outcome: Outcome | None, seconds: float) -> None:
        assert push is PUSH
        self.told.append((outcome, seconds))


class Watched:
    """A watched provider."""

    def __init__(self) -> None:
        self.provider, self.circuits, self.meter = Provider(), Circuits(), Metered()
        self.events: list[Event] = []
        self.pusher = WatchedPusher(
            self.provider, self.circuits, meter=self.meter, note=self.events.append, clock=lambda: self.provider.now
        )


def test_each_push_is_metered() -> None:
    async def test() -> None:
        watched = Watched()
        for outcome in (Accepted("1"), DOWN):
            watched.provider.outcome = outcome
            assert await watched.pusher.send(PUSH) is outcome
        assert watched.meter.told == [("began",), (Accepted("1"), 0.5), ("began",), (DOWN, 0.5)]

    run(test())


def test_a_push_that_is_given_up_is_no_longer_under_way() -> None:
    async def test() -> None:
        watched = Watched()
        watched.provider.outcome = asyncio.CancelledError()
        with pytest.raises(asyncio.CancelledError):
            await watched.pusher.send(PUSH)
        assert watched.meter.told == [("began",), (None, 0.5)]
        assert len(watched.circuits) == 0

    run(test())


def test_it_is_told_when_a_circuit_opens_and_when_it_closes() -> None:
    async def test() -> None:
        watched = Watched()
        watched.provider.outcome = DOWN
        for _ in range(FAILURES + 1):
            await watched.pusher.send(PUSH)
        watched.provider.outcome = Accepted()
        await watched.pusher.send(PUSH)
        place = {"provider": "fcm", "app": "demo"}
        assert [(event.what, event.at, event.fields) for event in watched.events] == [
            (Happened.CIRCUIT_OPENED, 2.5, {**place, "reason": "connection refused"}),
            (Happened.CIRCUIT_CLOSED, 3.5, place),
        ]

    run(test())


def test_closing_closes_the_way_to_the_provider() -> None:
    async def test() -> None:
        watched = Watched()
        await watched.pusher.close()
        assert watched.provider.is_closed

    run(test())
