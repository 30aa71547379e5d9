"""Claims about time: the one place where the emulators wait."""

import asyncio

import pytest
from tests.emulators.bench import START, ManualClock, run, until

from ringwake.emulators.clock import Clock


def test_a_clock_gives_the_times_it_was_built_on() -> None:
    clock = Clock(lambda: 5.0, lambda: 7.0)
    assert (clock.wall(), clock.monotonic()) == (5.0, 7.0)


def test_the_loops_clock_rings_and_can_be_stopped() -> None:
    async def story() -> None:
        clock = Clock(lambda: 0.0)
        rung: list[str] = []
        clock.later(0, lambda: rung.append("kept"))
        clock.later(0, lambda: rung.append("cancelled")).cancel()
        await clock.wait(0)
        assert rung == ["kept"]

    run(story())


def test_a_wait_ends_when_its_time_has_come() -> None:
    async def story() -> None:
        clock = ManualClock()
        task = asyncio.create_task(clock.wait(3))
        await until(lambda: clock.pending == [3])
        clock.advance(2.9)
        assert not task.done()
        clock.advance(0.1)
        await task
        assert clock.wall() == START + 3

    run(story())


def test_a_cancelled_wait_leaves_no_alarm() -> None:
    async def story() -> None:
        clock = ManualClock()
        task = asyncio.create_task(clock.wait(3))
        await until(lambda: clock.pending == [3])
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        assert clock.pending == []

    run(story())


def test_a_limit_ends_what_takes_longer() -> None:
    async def story() -> None:
        clock = ManualClock()

        async def endless() -> None:
            async with clock.limit(10):
                await asyncio.Event().wait()

        task = asyncio.create_task(endless())
        await until(lambda: clock.pending == [10])
        clock.advance(10)
        with pytest.raises(TimeoutError):
            await task

    run(story())


def test_a_limit_does_not_touch_what_is_in_time() -> None:
    async def story() -> None:
        clock = ManualClock()
        async with clock.limit(10):
            clock.advance(9)
        assert clock.pending == []

    run(story())
