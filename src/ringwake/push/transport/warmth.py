"""Who goes first on a connection (push-services 7.1 and 7.4)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ringwake.push.errors import UnansweredError

ALONE_SECONDS = 1.0
"""How long others wait for the first request on a connection. It teaches the client the server's limits."""
COLD_AFTER = 60.0
"""Idle seconds after which the server may have closed the connection, so that the next request is a first one."""


class Warmth:
    """Lets the first request after a connect go alone.

    A new connection allows one stream until the server's SETTINGS are known; a burst may cost the connection.
    """

    __slots__ = ("_first", "_until")

    def __init__(self) -> None:
        self._first = asyncio.Lock()
        self._until = 0.0

    def is_warm(self, now: float) -> bool:
        """Tell whether nobody need wait, at a time of the loop's clock."""
        return now < self._until

    def keep(self, now: float) -> None:
        """Note that an answer came."""
        self._until = now + COLD_AFTER

    def lose(self) -> None:
        """Note that the connection is lost, or may be."""
        self._until = 0.0

    async def turn(self, deadline: float) -> bool:
        """Wait until it is warm, or be the first: then `release` must be called.

        Raises:
            UnansweredError: that took until the deadline.
        """
        loop = asyncio.get_running_loop()
        is_alone = False
        with suppress(TimeoutError):
            async with asyncio.timeout_at(min(deadline, loop.time() + ALONE_SECONDS)):
                is_alone = await self._first.acquire()
        now = loop.time()
        if is_alone and (now >= deadline or self.is_warm(now)):
            self._first.release()
            is_alone = False
        if now >= deadline:
            raise UnansweredError("no answer in time")
        return is_alone

    def release(self) -> None:
        """Let the others go."""
        self._first.release()
