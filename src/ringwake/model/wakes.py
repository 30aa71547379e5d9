"""How often a phone was woken, and why: what a binding remembers of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from ringwake.model.push import Kind

WAKING = (Kind.CALL, Kind.MESSAGE, Kind.REFRESH, Kind.WAKE)
"""The kinds of pushes that wake a phone. The others tell one that is awake, or its owner, how something has ended."""


class Wake(NamedTuple):
    """One push that wakes a phone."""

    at: float
    """Epoch seconds when it was handed to the provider."""
    why: Kind


class Wakes(NamedTuple):
    """All wakes that a phone has answered with a REGISTER. A plain tuple: there may be a million of them in memory."""

    at: float = 0.0
    """The last one's."""
    why: Kind | None = None
    """The last one's; None when there was none."""
    call: int = 0
    message: int = 0
    refresh: int = 0
    wake: int = 0

    def after(self, wakes: Iterable[Wake]) -> Wakes:
        """Count the wakes that came after the last one that was counted, so that telling them twice does no harm."""
        new = sorted(wake for wake in wakes if wake.at > self.at)
        if not new:
            return self
        more = Counter(wake.why for wake in new)
        counts = (self.call, self.message, self.refresh, self.wake)
        return Wakes(*new[-1], *(count + more[why] for count, why in zip(counts, WAKING, strict=True)))

    def by_reason(self) -> dict[str, int]:
        """Return how many there were of each kind, without those of which there was none."""
        counts = (self.call, self.message, self.refresh, self.wake)
        return {why.value: count for why, count in zip(WAKING, counts, strict=True) if count}


NEVER = Wakes()
"""What all phones share that were not woken yet."""
