"""How often one caller, and all of them together, may call an account whose phones sleep (reliability S11).

Counted is a call that a push was wanted for, whether it was sent or another's did for it too, and not one that was
answered. Who is over it hears so at once: nothing is parked, written down or pushed for such a call.
"""

from __future__ import annotations

from ringwake.wake.allowance import Allowance, Suppressed

SECONDS = 60.0
ALL_CALLERS = 60
"""Calls to one account. They all wait in memory and on disk, and its phones are not woken more often for that."""
CALLER, ACCOUNT = "caller_limit", "account_limit"
"""Reasons."""


class Callers:
    """Counts calls by caller and account."""

    def __init__(self, *, each: int = 3, together: int = ALL_CALLERS) -> None:
        self._each = Allowance(most=each, seconds=SECONDS)
        self._together = Allowance(most=together, seconds=SECONDS)

    def refusal(self, caller: str, aor: str, now: float) -> Suppressed | None:
        """Tell whether a call is to be turned away, and until when."""
        for allowance, key, reason in (
            (self._each, _pair(caller, aor), CALLER),
            (self._together, aor, ACCOUNT),
        ):
            free_at = allowance.free_at(key, now)
            if free_at > now:
                return Suppressed(reason, free_at)
        return None

    def asked(self, caller: str, aor: str, now: float) -> None:
        """Take note of a call that a push is wanted for."""
        self._each.use(_pair(caller, aor), now)
        self._together.use(aor, now)

    def forgive(self, caller: str, aor: str, at: float) -> None:
        """Take note that the call which asked at that time was answered: nobody minds it."""
        self._each.give_back(_pair(caller, aor), at)
        self._together.give_back(aor, at)

    def sweep(self, now: float) -> None:
        """Forget what no longer counts."""
        self._each.sweep(now)
        self._together.sweep(now)

    def __len__(self) -> int:
        return len(self._each) + len(self._together)


def _pair(caller: str, aor: str) -> str:
    return f"{caller}\0{aor}"
