"""How many missed calls and messages of an account nobody has looked at: the number on the badge."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.account import Aor
from ringwake.model.effects import Effects, Persist
from ringwake.model.history import Entry
from ringwake.model.history_ops import ListHistory

_MOST = 1000


def with_unread(aor: Aor, then: Callable[[int, float], Effects]) -> Effects:
    """Go on with the number of an account's unread entries; where the store cannot say, nothing is done."""

    def applied(entries: tuple[Entry, ...], now: float) -> Effects:
        return then(len(entries), now)

    return (Persist(ListHistory(aor=aor, only_unread=True, limit=_MOST), applied=applied),)
