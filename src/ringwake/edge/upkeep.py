"""What must be swept now and then, or it would pile up."""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.model.effects import Effects, Persist
from ringwake.model.store_ops import Sweep
from ringwake.wake.owner import Owner

OWNER = "upkeep"
SECONDS = 30.0
BATCH = 1000


class Upkeep(Owner):
    """Drops expired bindings and messages from the store, and what no longer counts from the budgets."""

    def __init__(self, core: Core, now: float) -> None:
        self._core = core
        self._at = now + SECONDS

    def get_timer(self) -> float | None:
        """Return when to sweep next."""
        return self._at

    def handle_timer(self, now: float) -> Effects:
        """Sweep."""
        self._at = now + SECONDS
        self._core.means.budget.sweep(now)
        self._core.means.callers.sweep(now)
        if self._core.tickets is not None:
            self._core.tickets.sweep(self._core.wall(now))
        return (Persist(Sweep(wall=self._core.wall(now), limit=BATCH)),)

    @property
    def is_settled(self) -> bool:
        """Never."""
        return False
