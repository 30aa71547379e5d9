"""So many of something in any span of time, and no more: a rolling window for each of many keys."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Suppressed:
    """Why a push is not sent now."""

    reason: str
    """One of a closed set: it is a label of a counter."""
    until: float
    """When it is worth asking again, monotonic seconds."""


class Allowance:
    """When each key has used what it may. A key takes as many numbers as it may use at most."""

    def __init__(self, *, most: int, seconds: float) -> None:
        self._most = most
        self._seconds = seconds
        self._used: dict[str, tuple[float, ...]] = {}

    def free_at(self, key: str, now: float, *, share: float = 1.0) -> float:
        """Return `now` when there is room, else when there will be.

        Args:
            key: whose.
            now: monotonic seconds.
            share: who asks may use this part of it only, but one at least; the rest is for others.
        """
        used = self._current(key, now)
        over = len(used) - max(1, int(self._most * share))
        return now if over < 0 else used[over] + self._seconds

    def use(self, key: str, now: float) -> None:
        """Take note of one, allowed or not."""
        self._used[key] = (*self._current(key, now), now)[-self._most :]

    def give_back(self, key: str, at: float) -> None:
        """Take back the one that was noted at that time, if it still counts."""
        used = list(self._used.get(key, ()))
        if at not in used:
            return
        used.remove(at)
        if used:
            self._used[key] = tuple(used)
        else:
            del self._used[key]

    def sweep(self, now: float) -> None:
        """Forget what no longer counts."""
        left = ((key, self._current(key, now)) for key in self._used)
        self._used = {key: used for key, used in left if used}

    def __len__(self) -> int:
        return len(self._used)

    def _current(self, key: str, now: float) -> tuple[float, ...]:
        used = self._used.get(key, ())
        return tuple(at for at in used if at + self._seconds > now)
