"""How often one caller, and all of them together, may call accounts whose phones sleep (reliability S11).

Counted is a call that a push was wanted for, whether it was sent or another's did for it too, and not one that was
answered. Who is over it hears so at once: nothing is parked, written down or pushed for such a call.
"""

from __future__ import annotations

from ringwake.wake.allowance import Allowance, Suppressed
from ringwake.wake.budget import TENANT
from ringwake.wake.rate import Rate

SECONDS = 60.0
CALLS_OF_ONE = 1000
"""Calls of one caller to all accounts: a ring group is one caller, and so is everybody who calls with no name."""
ALL_CALLERS = 60
"""Calls to one account. They all wait in memory and on disk, and its phones are not woken more often for that."""
CALLER, ACCOUNT, ALL_ACCOUNTS = "caller_limit", "account_limit", "caller_total_limit"
"""Reasons, besides `budget.TENANT`."""


class Callers:
    """Counts calls by caller and account."""

    def __init__(
        self,
        *,
        each: int = 3,
        together: int = ALL_CALLERS,
        total: int = CALLS_OF_ONE,
        tenants: Rate | None = None,
    ) -> None:
        """Begin.

        Args:
            each: calls of one caller to one account in any minute.
            together: calls of all callers to one account.
            total: calls of one caller to all accounts.
            tenants: the wakes of each tenant, by its domain, as the budget counts them: where no call has room there,
                none is taken.
        """
        self._each = Allowance(most=each, seconds=SECONDS)
        self._together = Allowance(most=together, seconds=SECONDS)
        self._total = Rate(most=total, seconds=SECONDS)
        self._tenants = Rate(most=1) if tenants is None else tenants

    def refusal(self, caller: str, aor: str, now: float) -> Suppressed | None:
        """Tell whether a call is to be turned away, and until when."""
        for allowance, key, reason in (
            (self._each, _pair(caller, aor), CALLER),
            (self._together, aor, ACCOUNT),
            (self._total, caller, ALL_ACCOUNTS),
            (self._tenants, aor.rpartition("@")[2], TENANT),
        ):
            free_at = allowance.free_at(key, now)
            if free_at > now:
                return Suppressed(reason, free_at)
        return None

    def asked(self, caller: str, aor: str, now: float) -> None:
        """Take note of a call that a push is wanted for."""
        self._each.use(_pair(caller, aor), now)
        self._together.use(aor, now)
        self._total.use(caller, now)

    def forgive(self, caller: str, aor: str, at: float) -> None:
        """Take note that the call which asked at that time was answered: nobody minds it."""
        self._each.give_back(_pair(caller, aor), at)
        self._together.give_back(aor, at)
        self._total.give_back(caller, at)

    def sweep(self, now: float) -> None:
        """Forget what no longer counts."""
        self._each.sweep(now)
        self._together.sweep(now)
        self._total.sweep(now)

    def __len__(self) -> int:
        return len(self._each) + len(self._together) + len(self._total)


def _pair(caller: str, aor: str) -> str:
    return f"{caller}\0{aor}"
