"""A lane for each application: so many pushes under way, and a bounded line before them (reliability P11, F2).

A service that is slow fills its own lane and nobody else's. Where there is room a push costs one addition: no task,
no timer. Who waits has the caller's time-out. See docs/adr/0025-push-lanes.md.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Mapping

from ringwake.model.push import Kind, Push
from ringwake.push.envelope import replaces
from ringwake.wake.unsent import GAVE_WAY, LINE_FULL, REPLACED

AT_ONCE = 900
"""Pushes under way: streams on one connection, of which services allow about 1000 (push-services 1.1)."""
WAITING = 5000
"""Beyond this a push fails at once: it would only wait until it is of no use."""
_RANKS: Mapping[Kind, int] = {
    Kind.CALL: 0,
    Kind.CANCEL: 1,
    Kind.ELSEWHERE: 1,
    Kind.MISSED: 1,
    Kind.MESSAGE: 2,
    Kind.WAKE: 2,
    Kind.VOICEMAIL: 2,
    Kind.READ: 3,
    Kind.REFRESH: 3,
}
_GO = ""


class Lane:
    """The pushes of one application: `enter` or else `wait`, then `leave`."""

    __slots__ = ("_at_once", "_emptied", "_free", "_lines", "_waiting")

    def __init__(self, at_once: int = AT_ONCE, waiting: int = WAITING) -> None:
        self._at_once = at_once
        self._free = at_once
        self._waiting = waiting
        # By what a newer push would replace; each knows by its word whether it may go.
        self._lines: tuple[OrderedDict[str, asyncio.Future[str]], ...] = tuple(
            OrderedDict() for _ in range(max(_RANKS.values()) + 1)
        )
        self._emptied: asyncio.Future[None] | None = None

    @property
    def under_way(self) -> int:
        """How many pushes have a place."""
        return self._at_once - self._free

    @property
    def waiting(self) -> int:
        """How many wait for one."""
        return sum(len(line) for line in self._lines)

    def enter(self) -> bool:
        """Take a place, if one is free. Then nobody waits."""
        if self._free:
            self._free -= 1
            return True
        return False

    async def wait(self, push: Push) -> str:
        """Wait for a place, and have it when an empty text comes back; else the word for why not.

        Calls go first, then what tells their end, then messages and other wakes, then refreshes.
        """
        key, rank = push.target.lease + replaces(push.notice), _RANKS[push.notice.kind]
        place: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        if not self._takes_the_place(key, rank, place):
            if self.waiting >= self._waiting and not self._makes_way(rank):
                return LINE_FULL
            self._lines[rank][key] = place
        try:
            return await place
        except asyncio.CancelledError:
            if place.cancelled():
                self._forget(key, place)
            elif place.result() == _GO:
                self.leave()  # it had just been given the place
            raise

    def leave(self) -> None:
        """Give the place up, to whoever is next."""
        for line in self._lines:
            while line:
                _, place = line.popitem(last=False)
                if not place.done():
                    place.set_result(_GO)
                    return
        self._free += 1
        if self._emptied is not None and self._free == self._at_once and not self._emptied.done():
            self._emptied.set_result(None)

    async def emptied(self) -> None:
        """Wait until nothing is under way and nobody waits. Nobody enters any more."""
        if self._free < self._at_once:
            self._emptied = asyncio.get_running_loop().create_future()
            await self._emptied

    def _takes_the_place(self, key: str, rank: int, place: asyncio.Future[str]) -> bool:
        """Stand where an older push of the same call to the same phone waits, or before it."""
        for old_rank, line in enumerate(self._lines):
            older = line.get(key)
            if older is None:
                continue
            if not older.done():
                older.set_result(REPLACED)
            if rank < old_rank:
                del line[key]
                return False
            line[key] = place
            return True
        return False

    def _makes_way(self, rank: int) -> bool:
        """Send the newest of the least rank away, if it is below this one."""
        for line in reversed(self._lines[rank + 1 :]):
            if line:
                _, place = line.popitem()
                if not place.done():
                    place.set_result(GAVE_WAY)
                return True
        return False

    def _forget(self, key: str, place: asyncio.Future[str]) -> None:
        for line in self._lines:
            if line.get(key) is place:
                del line[key]
