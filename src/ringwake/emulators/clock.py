"""Time, as the emulators know it: both clocks are passed in, and every wait goes through one method.

Tests pass a clock of their own whose `later` fires when they say so.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Protocol


class Alarm(Protocol):
    """What `Clock.later` returns."""

    def cancel(self) -> None:
        """Do not fire."""
        ...


class Clock:
    """The wall clock for what the protocols date, the monotonic one for the journal and for intervals."""

    def __init__(self, wall: Callable[[], float], monotonic: Callable[[], float] = time.monotonic) -> None:
        self.wall = wall
        """Seconds since 1970."""
        self.monotonic = monotonic

    def later(self, seconds: float, act: Callable[[], object]) -> Alarm:
        """Call `act` once after so many seconds."""
        return asyncio.get_running_loop().call_later(seconds, act)

    async def wait(self, seconds: float) -> None:
        """Return after so many seconds."""
        rung = asyncio.Event()
        alarm = self.later(seconds, rung.set)
        try:
            await rung.wait()
        finally:
            alarm.cancel()

    @asynccontextmanager
    async def limit(self, seconds: float) -> AsyncIterator[None]:
        """Raise TimeoutError out of the block when it takes longer."""
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(None) as scope:
            alarm = self.later(seconds, lambda: scope.reschedule(loop.time()))
            try:
                yield
            finally:
                alarm.cancel()
