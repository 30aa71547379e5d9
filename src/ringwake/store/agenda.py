"""When each key is next due. Nobody scans: what is due stands on top of a heap.

A key's time may be noted too early, never too late: moving a key to a later time costs nothing, and whoever pops it
notes the true time again. So a phone that refreshes each minute leaves no trail in the heap.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

_SLACK = 1024
"""Dead entries that are always tolerated; beyond them the heap is rebuilt when more than half of it is dead."""


class Agenda:
    """The next time of each key. A key stands in it once, and not at all after `pop`."""

    __slots__ = ("_at", "_heap")

    def __init__(self) -> None:
        self._at: dict[str, float] = {}
        self._heap: list[tuple[float, str]] = []

    def note(self, key: str, at: float) -> None:
        """Have `key` popped at `at` or before."""
        known = self._at.get(key)
        if known is not None and known <= at:
            return
        self._at[key] = at
        heappush(self._heap, (at, key))
        if len(self._heap) > 2 * len(self._at) + _SLACK:
            self._heap = [(time, known_key) for known_key, time in self._at.items()]
            heapify(self._heap)

    def forget(self, key: str) -> None:
        """Do not have `key` popped; its entry in the heap dies."""
        self._at.pop(key, None)

    def pop(self, until: float) -> tuple[float, str] | None:
        """Take the earliest key whose noted time has come by `until`, with that time; ties go by key."""
        while self._heap and self._heap[0][0] <= until:
            at, key = heappop(self._heap)
            if self._at.get(key) == at:
                del self._at[key]
                return at, key
        return None
