"""What must be swept now and then, or it would pile up; and passwords that nobody needs any more."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ringwake.edge.core import Core
from ringwake.model.account import Account
from ringwake.model.account_ops import ForgetLogins
from ringwake.model.effects import Effects, Note, Persist
from ringwake.model.events import Event, Happened
from ringwake.model.store_ops import Sweep
from ringwake.wake.dead_token import sweep
from ringwake.wake.owner import Owner

OWNER = "upkeep"
SECONDS = 30.0
BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgetting:
    """When an account's login at its PBX is forgotten, and who must know."""

    after: Mapping[str, float]
    """Seconds since the last REGISTER of any of its phones, by tenant."""
    tell: Callable[[Account, float], Effects]
    """Hears of each account, as it was, once it is forgotten on disk."""


class Upkeep(Owner):
    """Drops expired bindings and messages from the store, logins of silent accounts, and what no budget counts."""

    def __init__(self, core: Core, now: float, forgetting: Forgetting | None = None) -> None:
        self._core = core
        self._forgetting = forgetting
        self._at = now + SECONDS

    def get_timer(self) -> float | None:
        """Return when to sweep next."""
        return self._at

    def handle_timer(self, now: float) -> Effects:
        """Sweep."""
        self._at = now + SECONDS
        self._core.means.budget.sweep(now)
        self._core.means.callers.sweep(now)
        self._core.turned_away.sweep(now)
        self._core.challenges.sweep(now, wall=self._core.wall(now))
        if self._core.tickets is not None:
            self._core.tickets.sweep(self._core.wall(now))
        dropped = Persist(Sweep(wall=self._core.wall(now), limit=BATCH))
        return (dropped, *self._forget(now), *sweep(self._core.means.guard, now))

    @property
    def is_settled(self) -> bool:
        """Never."""
        return False

    def _forget(self, now: float) -> Effects:
        after = self._forgetting.after if self._forgetting else {}
        wall = self._core.wall(now)
        ops = [ForgetLogins(tenant=tenant, wall=wall, after=after[tenant], limit=BATCH) for tenant in after]
        return tuple(Persist(op, then=self._forgotten) for op in ops)

    def _forgotten(self, accounts: tuple[Account, ...], now: float) -> Effects:
        assert self._forgetting is not None
        effects: list[Effects] = []
        for account in accounts:
            note = Event(Happened.PBX_LOGIN_FORGOTTEN, now, "", {"tenant": account.tenant, "aor": str(account.aor)})
            effects.append((Note(note), *self._forgetting.tell(account, now)))
        return tuple(effect for several in effects for effect in several)
