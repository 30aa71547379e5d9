"""How an account stands at its PBX, in words: for `ringwake device list`, the API and the trace."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ringwake.ua.upstream_table import State

Clock: TypeAlias = Callable[[float], str]
"""Writes monotonic seconds as the time of day that people read, such as `12:03`."""
ASKS_FOR_PASSWORD = "it asks for a password that only the phone knows"  # noqa: S105  a sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamStatus:
    """One account's standing; times are monotonic seconds."""

    state: State
    sentence: str
    is_bound: bool
    """Whether the PBX has our Contact, as far as it has told us: also while a refresh is refused."""
    expires: int
    """Seconds that the PBX granted last; 0 before it did."""
    bound_until: float | None
    next_at: float | None
    """When we try again by ourselves; None when we do not."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What the sentence is made of."""

    state: State
    bound_until: float | None
    trouble: str = ""
    """Why the last try failed, with `{since}` where a time belongs; empty when it did not."""
    since: float = 0.0
    """Since when all tries have failed like that."""

    def sentence(self, now: float, clock: Clock) -> str:
        """Say it in one plain English sentence, without a full stop."""
        until = self.bound_until
        if self.state is State.CHALLENGED:
            return _challenged(until, now, clock)
        if until is not None and until <= now and self.state is not State.LEAVING:
            more = f": {self._trouble(clock)}" if self.trouble else ""
            return f"the binding expired at the PBX at {clock(until)}{more}"
        if self.trouble:
            kept = "" if until is None else f"; the PBX keeps us until {clock(until)}"
            return f"{self._trouble(clock)}{kept}"
        return _plain(self.state)

    def _trouble(self, clock: Clock) -> str:
        return self.trouble.replace("{since}", clock(self.since))


def _challenged(until: float | None, now: float, clock: Clock) -> str:
    if until is None:
        return f"not registered at the PBX: {ASKS_FOR_PASSWORD}"
    if until <= now:
        return f"the binding expired at the PBX at {clock(until)}: {ASKS_FOR_PASSWORD}"
    return f"registered at the PBX until {clock(until)}, and not longer: {ASKS_FOR_PASSWORD}"


def _plain(state: State) -> str:
    match state:
        case State.REGISTERED | State.REFRESHING:
            return "registered at the PBX"
        case State.REGISTERING:
            return "registering at the PBX"
        case State.LEAVING:
            return "leaving the PBX"
        case _:
            return "not registered at the PBX"
