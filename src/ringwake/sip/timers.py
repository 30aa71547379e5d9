"""Timer values (RFC 3261 section 17 and table 4, RFC 6026) and a queue of deadlines."""

from __future__ import annotations

import heapq
from typing import Generic, TypeVar

T1 = 0.5
"""Round-trip estimate, seconds."""
T2 = 4.0
"""Longest retransmission interval of non-INVITE requests and INVITE responses, seconds."""
T4 = 5.0
"""How long a message may stay in the network, seconds."""
TRYING_AFTER = T1 + 2 * T1 + T2 / 2
"""When a non-INVITE request is answered 100, if by nothing better: 3.5 s, when its sender's timer E has come to T2 (RFC
4320 section 4.1). Earlier it must not be."""
TIMEOUT = 64 * T1
"""Timers B, F, H, J, L and M, and D on UDP: 32 seconds."""

K = TypeVar("K")


class Deadlines(Generic[K]):
    """Deadlines by key, one each, in a heap with lazy deletion: every operation is O(log n)."""

    __slots__ = ("_at", "_heap", "_serial")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, K]] = []
        self._at: dict[K, tuple[float, int]] = {}
        self._serial = 0

    def set(self, key: K, at: float) -> None:
        """Set or move the deadline of a key."""
        if key in self._at and self._at[key][0] == at:
            return
        self._serial += 1
        self._at[key] = (at, self._serial)
        heapq.heappush(self._heap, (at, self._serial, key))
        self._tidy()

    def drop(self, key: K) -> None:
        """Forget the deadline of a key, if it has one."""
        self._at.pop(key, None)
        self._tidy()

    def _tidy(self) -> None:
        # Lazy entries may not outnumber the living ones by much, or a busy server would hoard them.
        if len(self._heap) > 64 + 2 * len(self._at):
            self._heap = [(at, serial, key) for key, (at, serial) in self._at.items()]
            heapq.heapify(self._heap)

    def first(self) -> float | None:
        """Return the earliest deadline, or None."""
        heap = self._heap
        while heap:
            at, serial, key = heap[0]
            if self._at.get(key) == (at, serial):
                return at
            heapq.heappop(heap)
        return None

    def pop_due(self, now: float) -> K | None:
        """Remove and return the key whose deadline has come first by `now`, or None."""
        first = self.first()
        if first is None or first > now:
            return None
        key = heapq.heappop(self._heap)[2]
        del self._at[key]
        return key

    def __len__(self) -> int:
        return len(self._at)
