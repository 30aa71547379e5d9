"""A push that the operator sends: it goes the way of all others, is traced, and says whether the phone came."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from tests.support.in_world import asleep, in_world
from tests.support.virtual_loop import pause
from tests.support.world import World
from tests.wake.phones import browser, iphone, voip_only

from ringwake.edge.push_trial import PAUSE, TEXT, TIMEOUT, PushTests, UntestableError
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.events import Event, Happened
from ringwake.model.push import Accepted, Kind, Push, PushTarget, Refused, Unreachable, Unregistered
from ringwake.model.store_ops import ListBindings
from ringwake.observe.trace import Traces
from ringwake.wake.push_result import sentence

ALICE = Aor("alice@example.com")
DELAY = 0.05
"""Seconds that the world's provider takes."""


class Bench:
    """A world whose operator sends tests."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.traces = Traces()
        self.tests = PushTests(world.core, world.performer.run, self.note)
        world.performer._note = self.note

    def note(self, event: Event) -> None:
        self.world.events.append(event)
        self.traces.note(event)
        self.tests.heard(event)

    async def binding(self) -> Binding:
        wall = self.world.wall(self.world.loop.time())
        (binding,) = await self.world.store.do(ListBindings(aor=ALICE, wall=wall))
        return binding

    async def with_push(self, push: PushTarget | None) -> Binding:
        return replace(await self.binding(), push=push)

    def told(self, trace: str) -> list[Happened]:
        return [event.what for event in self.world.events if event.trace == trace]


def test_a_phone_that_comes_is_timed_from_the_providers_answer_to_its_register() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        result = await bench.tests.send(await bench.binding(), wait=20.0)
        assert result.outcome == Accepted("1")
        assert result.seconds == pytest.approx(DELAY)
        assert result.woke is not None
        assert 0 < result.woke < 1
        (push,) = world.pushed("refresh")
        assert push.notice.alert is None

    in_world(test)


def test_it_is_traced_with_a_sentence_at_the_end() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        result = await bench.tests.send(await bench.binding(), wait=20.0)
        told = bench.told(result.trace)
        assert (told[0], told[-1]) == (Happened.PUSH_SENT, Happened.PUSH_TESTED)
        assert set(told[1:-1]) == {Happened.PUSH_ACCEPTED, Happened.DEVICE_WOKEN}
        timeline = bench.traces.find(result.trace)
        assert timeline is not None
        assert (timeline.aor, timeline.verdict()) == (ALICE, f"Test push: {sentence(result)}.")

    in_world(test)


def test_it_is_counted_as_a_wake_of_the_phone() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        await bench.tests.send(await bench.binding(), wait=20.0)
        assert (await bench.binding()).wakes.refresh == 1

    in_world(test)


def test_a_phone_that_does_not_come_is_waited_for_as_long_as_was_said() -> None:
    async def test(world: World) -> None:
        phone = await asleep(world, "alice")
        phone.wakes = False
        bench = Bench(world)
        began = world.loop.time()
        result = await bench.tests.send(await bench.binding(), wait=7.0)
        assert (result.woke, result.is_good) == (None, False)
        assert world.loop.time() - began == pytest.approx(7.0 + DELAY)
        assert bench.told(result.trace)[-2:] == [Happened.PUSH_ACCEPTED, Happened.PUSH_TESTED]

    in_world(test)


def test_a_push_that_is_not_taken_waits_for_nobody() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        world.provider.answer = lambda _: Refused("PERMISSION_DENIED", 403)
        bench = Bench(world)
        began = world.loop.time()
        result = await bench.tests.send(await bench.binding(), wait=20.0)
        assert result.outcome == Refused("PERMISSION_DENIED", 403)
        assert world.loop.time() - began == pytest.approx(DELAY)
        assert bench.told(result.trace)[1:] == [Happened.PUSH_FAILED, Happened.PUSH_TESTED]

    in_world(test)


def test_a_token_that_is_dead_is_forgotten_as_by_any_push() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        world.provider.answer = lambda _: Unregistered("UNREGISTERED")
        bench = Bench(world)
        await bench.tests.send(await bench.binding(), wait=20.0)
        assert (await bench.binding()).push is None

    in_world(test)


def test_a_provider_that_never_answers_is_given_up() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        world.provider.delay = 1000.0
        bench = Bench(world)
        began = world.loop.time()
        result = await bench.tests.send(await bench.binding(), wait=20.0)
        assert result.outcome == Unreachable("no answer in time")
        assert world.loop.time() - began < TIMEOUT + 5

    in_world(test)


def test_one_phone_is_tested_once_in_a_few_seconds() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        binding = await bench.binding()
        first = asyncio.ensure_future(bench.tests.send(binding, wait=20.0))
        await pause(0.01)
        with pytest.raises(UntestableError, match="a moment ago"):
            await bench.tests.send(binding, wait=20.0)
        await first
        with pytest.raises(UntestableError, match="a moment ago"):
            await bench.tests.send(binding, wait=20.0)
        await pause(PAUSE)
        assert (await bench.tests.send(binding, wait=0.0)).outcome == Accepted("1")
        assert len(world.pushed("refresh")) == 2

    in_world(test)


def test_a_phone_without_a_token_cannot_be_tested() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        with pytest.raises(UntestableError, match="no push token"):
            await bench.tests.send(await bench.with_push(None), wait=0.0)

    in_world(test)


def test_a_voip_token_is_not_pushed_to_without_a_call() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        with pytest.raises(UntestableError, match="call the phone"):
            await bench.tests.send(await bench.with_push(voip_only()), wait=0.0)
        assert world.provider.pushes == []

    in_world(test)


def test_a_browser_is_shown_something() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        result = await bench.tests.send(await bench.with_push(browser()), wait=0.0)
        (push,) = world.pushed("message")
        assert push.notice.alert is not None
        assert (result.kind, push.notice.alert.body) == (Kind.MESSAGE, TEXT)

    in_world(test)


def test_the_third_silent_push_to_an_iphone_within_an_hour_is_known_to_be_too_much() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        binding = await bench.with_push(iphone())
        held = []
        for _ in range(3):
            held.append((await bench.tests.send(binding, wait=0.0)).is_held_by_ios)
            await pause(PAUSE)
        assert held == [False, False, True]

    in_world(test)


def test_it_goes_though_the_service_is_left_alone_and_its_answer_ends_that() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        binding = await bench.binding()

        def down(_: Push) -> Unreachable:
            return Unreachable("connection refused")

        world.provider.answer = down
        for _ in range(5):
            await bench.tests.send(binding, wait=0.0)
            await pause(PAUSE)
        circuits = world.core.means.budget.circuits
        assert len(circuits) == 1
        world.provider.answer = lambda _: Accepted("1")
        assert (await bench.tests.send(binding, wait=0.0)).is_good
        assert len(circuits) == 0

    in_world(test)


def test_nothing_is_left_of_it() -> None:
    async def test(world: World) -> None:
        await asleep(world, "alice")
        bench = Bench(world)
        before = len(world.core.calls)
        await bench.tests.send(await bench.binding(), wait=20.0)
        await pause(60.0)
        assert len(world.core.calls) == before

    in_world(test)
