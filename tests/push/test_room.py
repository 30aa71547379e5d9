"""A transport takes a bounded number of requests, and a bounded number waits (reliability F2)."""

import asyncio

import pytest
from tests.push.loop import run

from ringwake.push.errors import UnansweredError
from ringwake.push.room import Room


def test_no_more_than_allowed_are_under_way() -> None:
    async def story() -> None:
        room, loop = Room(at_once=3), asyncio.get_running_loop()
        inside = most = 0

        async def visit() -> None:
            nonlocal inside, most
            async with room.place(loop.time() + 5):
                inside += 1
                most = max(most, inside)
                await asyncio.get_running_loop().run_in_executor(None, int)
                inside -= 1

        await asyncio.gather(*(visit() for _ in range(20)))
        assert most == 3

    run(story())


def test_who_finds_no_place_in_time_is_told() -> None:
    async def story() -> None:
        room, loop = Room(at_once=1), asyncio.get_running_loop()
        async with room.place(loop.time() + 5):
            with pytest.raises(UnansweredError, match="under way"):
                async with room.place(loop.time() + 0.01):
                    pass
        async with room.place(loop.time() + 0.01):
            pass

    run(story())


def test_beyond_the_queue_nobody_waits() -> None:
    async def story() -> None:
        room, loop = Room(at_once=1, waiting=1), asyncio.get_running_loop()
        async with room.place(loop.time() + 5):
            waiting = asyncio.create_task(_visit(room, loop.time() + 5))
            while room._present < 2:
                await asyncio.wait([waiting], timeout=0)
            with pytest.raises(UnansweredError, match="too many"):
                await _visit(room, loop.time() + 5)
        await waiting

    run(story())


def test_who_is_cancelled_leaves_his_place() -> None:
    async def story() -> None:
        room, loop = Room(at_once=1, waiting=1), asyncio.get_running_loop()
        async with room.place(loop.time() + 5):
            waiting = asyncio.create_task(_visit(room, loop.time() + 5))
            while room._present < 2:
                await asyncio.wait([waiting], timeout=0)
            waiting.cancel()
            await asyncio.wait([waiting])
            assert room._present == 1
        await _visit(room, loop.time() + 5)

    run(story())


async def _visit(room: Room, deadline: float) -> None:
    async with room.place(deadline):
        pass
