"""How much of something happens in a minute, by key: a sliding window in two numbers, however large the limit.

What came in the last whole minute is taken to be spread evenly over it. So a burst may let through up to twice the
limit in some minute, and never more; `Allowance` is exact, and takes as many numbers as its limit.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import NamedTuple

SECONDS = 60.0


class _Counts(NamedTuple):
    number: int
    """Of the window, since the clock began."""
    this: int
    last: int
    """In the window before it."""


_NONE = _Counts(0, 0, 0)


class Rate:
    """Counts for many keys."""

    def __init__(self, *, most: int, seconds: float = SECONDS) -> None:
        self._most = most
        self._seconds = seconds
        self._counts: dict[Hashable, _Counts] = {}

    def free_at(self, key: Hashable, now: float, *, share: float = 1.0) -> float:
        """Return `now` when there is room, else when there will be.

        Args:
            key: whose.
            now: monotonic seconds.
            share: who asks may use this part only, but one at least; the rest is for others.
        """
        counts = self._counts.get(key)
        if counts is None:
            return now
        most = max(1.0, self._most * share)
        number, this, last = self._current(counts, now)
        begin = number * self._seconds
        if this > most - 1:
            # Only the next window has room, when enough of this one has gone by in it.
            return begin + self._seconds * (2 - (most - 1) / this)
        wanted = 1 - (most - 1 - this) / last if last else 0.0
        return max(now, begin + self._seconds * wanted)

    def use(self, key: Hashable, now: float) -> None:
        """Take note of one, allowed or not."""
        number, this, last = self._current(self._counts.get(key, _NONE), now)
        self._counts[key] = _Counts(number, this + 1, last)

    def give_back(self, key: Hashable, at: float) -> None:
        """Take back one that was noted at that time, if it still counts."""
        counts = self._counts.get(key)
        if counts is None:
            return
        number, this, last = counts
        age = number - int(at // self._seconds)
        this, last = this - (age == 0), last - (age == 1)
        if this > 0 or last > 0:
            self._counts[key] = _Counts(number, max(0, this), max(0, last))
        else:
            del self._counts[key]

    def sweep(self, now: float) -> None:
        """Forget what no longer counts."""
        left = ((key, self._current(counts, now)) for key, counts in self._counts.items())
        self._counts = {key: counts for key, counts in left if counts.this or counts.last}

    def __len__(self) -> int:
        return len(self._counts)

    def _current(self, counts: _Counts, now: float) -> _Counts:
        number = int(now // self._seconds)
        age = number - counts.number
        if age == 0:
            return counts
        return _Counts(number, 0, counts.this if age == 1 else 0)
