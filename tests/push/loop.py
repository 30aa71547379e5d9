"""Runs one asynchronous test: bounded in time, and nothing may be left over."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Coroutine
from typing import Any, TypeVar

from ringwake.push.transport.curl_driver import CLOSER

T = TypeVar("T")
LIMIT = 30.0


async def curl_has_closed() -> None:
    """Wait until libcurl has closed its connections, which it does in threads of its own, and servers have heard it."""
    for thread in threading.enumerate():
        if thread.name == CLOSER:
            await asyncio.to_thread(thread.join, 5.0)
    for _ in range(5):
        await asyncio.sleep(0)  # noqa: TID251  no time passes


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
