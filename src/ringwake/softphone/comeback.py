"""When a phone whose connection was lost tries again (RFC 5626 section 4.5)."""

from __future__ import annotations

import asyncio

from ringwake.model.ports import Ids
from ringwake.ua.keep_alive import ALL_FAILED_SECONDS, retry_pause

CALL_SECONDS = 0.25
"""Base of the pauses while a call rings or is up: it must not be lost with the connection."""
GOOD_SECONDS = 120.0
"""A connection that was lost so soon after its REGISTER counts as a failure, or it would go round in circles."""


class Comeback:
    """Counts the failures in a row, and waits as long as they demand."""

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._loop = asyncio.get_running_loop()
        self._registered_at = 0.0
        self._failures = 0
        self.is_there = False
        """Whether the phone is connected and registered."""

    def registered(self) -> None:
        """The phone is there."""
        self._registered_at, self.is_there = self._loop.time(), True

    def lost(self) -> None:
        """The connection is gone."""
        was_good = self._loop.time() - self._registered_at >= GOOD_SECONDS
        self._failures = 0 if was_good else self._failures + 1
        self.is_there = False

    def failed(self) -> None:
        """A try was in vain."""
        self._failures += 1

    async def pause(self, *, has_call: bool) -> bool:
        """Wait until the next try; return whether it is needed: a push may have brought the phone back meanwhile."""
        base = CALL_SECONDS if has_call else ALL_FAILED_SECONDS
        chance = int(self._ids.hex(4), 16) / 0xFFFF
        over = asyncio.Event()
        timer = self._loop.call_later(retry_pause(self._failures, base=base, chance=chance), over.set)
        try:
            await over.wait()
        finally:
            timer.cancel()
        return not self.is_there
