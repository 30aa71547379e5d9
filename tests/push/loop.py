"""Runs one asynchronous test: bounded in time, and nothing may be left over."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from tests.support.curl_threads import curl_has_closed

T = TypeVar("T")
LIMIT = 30.0


def run(test: Coroutine[Any, Any, T], limit: float = LIMIT) -> T:
    """Run a coroutine in a loop of its own; a task that outlives it is a failure."""
    problems: list[dict[str, Any]] = []

    async def bounded() -> T:
        asyncio.get_running_loop().set_exception_handler(lambda _, context: problems.append(context))
        async with asyncio.timeout(limit):
            result = await test
        await curl_has_closed()
        if left := asyncio.all_tasks() - {asyncio.current_task()}:
            _, left = await asyncio.wait(left, timeout=1.0)  # a refused handshake of the server ends a turn later
        assert not left, f"tasks left over: {left}"
        return result

    try:
        return asyncio.run(bounded())
    finally:
        assert not problems, problems
