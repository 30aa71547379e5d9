"""How pushing goes for each application, since the start: counts, and the last thing that went wrong."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringwake.model.app import AppKey
from ringwake.model.push import Accepted, Outcome, Push
from ringwake.observe.push_metrics import PushMetrics
from ringwake.wake.unsent import is_ours


@dataclass(slots=True)
class Tally:
    """Attempts of one application."""

    sent: int = 0
    accepted: int = 0
    failed: int = 0
    last_error: str = ""
    """The provider's word, or ours."""
    last_error_at: float = 0.0
    """Epoch seconds."""


class PushNews:
    """Implements the edge's `Meter` before the one that has the metrics."""

    def __init__(self, meter: PushMetrics, wall: Callable[[], float]) -> None:
        """Stand before `meter`; `wall` gives epoch seconds now."""
        self._meter = meter
        self._wall = wall
        self._tallies: dict[AppKey, Tally] = {}

    @property
    def all(self) -> Mapping[AppKey, Tally]:
        """The applications that have pushed."""
        return self._tallies

    def began(self, push: Push) -> None:
        """Take note that a push goes."""
        self._meter.began(push)

    def ended(self, push: Push, outcome: Outcome | None, seconds: float) -> None:
        """Count a push; without an outcome it was given up."""
        self._meter.ended(push, outcome, seconds)
        if outcome is None or is_ours(outcome):
            return
        tally = self._tallies.setdefault(push.target.app, Tally())
        tally.sent += 1
        if isinstance(outcome, Accepted):
            tally.accepted += 1
            return
        tally.failed += 1
        tally.last_error, tally.last_error_at = outcome.reason or type(outcome).__name__.lower(), self._wall()
