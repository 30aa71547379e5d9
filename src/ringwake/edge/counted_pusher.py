"""The way to the providers, with the ledger beside it: each push that wakes a phone is written down there."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.ports import Pusher
from ringwake.model.push import Outcome, Push
from ringwake.wake.ledger import Ledger


class CountedPusher:
    """Implements `Pusher` by another one."""

    def __init__(self, pusher: Pusher, ledger: Ledger, wall: Callable[[], float]) -> None:
        """Stand before `pusher`; `wall` gives epoch seconds now."""
        self._pusher = pusher
        self._ledger = ledger
        self._wall = wall

    async def send(self, push: Push) -> Outcome:
        """Send by the other one."""
        self._ledger.sent(push, self._wall())
        outcome = await self._pusher.send(push)
        self._ledger.answered(push, outcome)
        return outcome

    async def close(self) -> None:
        """Close the other one."""
        await self._pusher.close()
