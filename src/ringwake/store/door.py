"""The door for those who wait: one operation, durable, as an awaitable."""

from __future__ import annotations

import asyncio
from typing import TypeVar

from ringwake.model.ports import Store, StoreError
from ringwake.model.store_ops import Failed, Op

R = TypeVar("R")


async def do(store: Store, op: Op[R]) -> R:
    """Submit an operation and return its result once it is durable; also for those who stop waiting it is done.

    Raises:
        StoreError: it could not be made durable.
    """
    answered: asyncio.Future[R | Failed] = asyncio.get_running_loop().create_future()

    def durable(result: R | Failed) -> None:
        if not answered.done():
            answered.set_result(result)

    store.submit(op, durable=durable)
    result = await answered
    if isinstance(result, Failed):
        raise StoreError(result.reason)
    return result
