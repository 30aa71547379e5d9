"""How many requests may be under way on one transport, and how many may wait for that (reliability F2)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ringwake.push.errors import UnansweredError

AT_ONCE = 900
"""Streams on one connection; services allow about 1000 (push-services 1.1)."""
WAITING = 5000
"""Beyond this a push fails at once: it would only wait until it is of no use."""


class Room:
    """A bounded number of places, and a bounded queue before them."""

    __slots__ = ("_free", "_present", "_size")

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._free = asyncio.Semaphore(at_once)
        self._size = at_once + waiting
        self._present = 0

    @asynccontextmanager
    async def place(self, deadline: float) -> AsyncIterator[None]:
        """Hold a place, at the latest from a time of the loop's clock on.

        Raises:
            UnansweredError: no place became free in time, or too many wait already.
        """
        if self._present >= self._size:
            raise UnansweredError("too many pushes wait")
        self._present += 1
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    await self._free.acquire()
            except TimeoutError:
                raise UnansweredError("too many pushes under way") from None
            try:
                yield
            finally:
                self._free.release()
        finally:
            self._present -= 1
