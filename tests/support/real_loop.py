"""One test in a real event loop: bounded in time, and nothing may be left over."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.support.curl_threads import curl_has_closed

T = TypeVar("T")
SECONDS = 20.0


def run_real(test: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine; an error that nobody caught, or a task that outlives it, is a failure."""
    problems: list[dict[str, Any]] = []

    async def bounded() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
        async with asyncio.timeout(SECONDS):
            result = await test
            await curl_has_closed()
            await turn(5)  # what was closed last closes its sockets a turn later
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            _, left = await asyncio.wait(left, timeout=2.0)
        assert not left, f"tasks left over: {left}"
        return result

    result = asyncio.run(bounded())
    assert not problems, problems
    return result


async def turn(times: int = 1) -> None:
    """Let the loop turn; it waits for nothing."""
    for _ in range(times):
        await asyncio.sleep(0)  # noqa: TID251  no time passes
