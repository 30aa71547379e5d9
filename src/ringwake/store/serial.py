"""The number of what is kept, over all tables: which of two came first."""

from __future__ import annotations


class Serial:
    """Rises, also over restarts. What was undone has used up its number."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = 0

    def next(self) -> int:
        """Return a number above all that were given or noted."""
        self._last += 1
        return self._last

    def note(self, number: int) -> None:
        """Go on behind a number that an earlier life has given."""
        self._last = max(self._last, number)
