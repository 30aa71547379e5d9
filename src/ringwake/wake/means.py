"""What everything that waits works with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, tzinfo

from ringwake.wake.budget import Budget
from ringwake.wake.callers import Callers
from ringwake.wake.token_guard import TokenGuard


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """How long a call waits, in seconds."""

    wake: float = 20.0
    """For a phone to wake."""
    request: float = 10.0
    """The same for a request that is no INVITE: its sender gives up by itself after 32 (RFC 8599 section 5.6.2)."""
    ring: float = 60.0
    """For somebody to answer a phone that has the INVITE."""
    probe: float = 1.0
    """For any answer of a phone that seems awake, before it is woken by push as well (reliability F15)."""
    answer: float = 5.0
    """For any answer of a phone that was sent the INVITE, though `wake` be over: it came late, but it came."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """Time, chance and the budgets, as arguments."""

    timing: Timing
    budget: Budget
    wall: Callable[[float], float]
    """From monotonic to epoch seconds."""
    jitter: Callable[[], float]
    """A number from 0 to 1."""
    zone: Callable[[str], tzinfo] = lambda _: UTC
    """Finds a time zone by its name in the IANA database; UTC where there is none of that name."""
    callers: Callers = field(default_factory=Callers)
    guard: TokenGuard = field(default_factory=TokenGuard)

    def answering(self, seconds: float | None) -> Means:
        """Return the same with so much time for somebody to answer a phone; None: as it is."""
        return self if seconds is None else replace(self, timing=replace(self.timing, ring=seconds))
