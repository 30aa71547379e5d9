"""How often something may be done. Time is an argument: monotonic seconds."""

import math


class Window:
    """So many in a stretch of time, which begins with the first; clocks on the wall do not matter."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._began = -math.inf
        self._used = 0

    def wait(self, limit: int, now: float) -> float:
        """Return how many seconds are left until one more is allowed; 0: it is now."""
        self._turn(now)
        return self._began + self._seconds - now if self._used >= limit else 0.0

    def take(self, now: float) -> None:
        """Count one."""
        self._turn(now)
        self._used += 1

    def _turn(self, now: float) -> None:
        if now >= self._began + self._seconds:
            self._began, self._used = now, 0


class Bucket:
    """So many at once, and then one each so many seconds."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._spent = 0.0
        self._at = 0.0

    def take(self, burst: int, now: float) -> float:
        """Take one and return 0, or return how many seconds are left until there is one."""
        self._spent = max(0.0, self._spent - (now - self._at) / self._seconds)
        self._at = now
        if self._spent + 1 > burst:
            return (self._spent + 1 - burst) * self._seconds
        self._spent += 1
        return 0.0
