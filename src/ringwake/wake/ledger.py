"""The pushes that were sent to wake a phone, until it registers: then its binding counts them (docs/adr/0016-wakes.md).

Kept by token and in memory only. What a restart forgets was a push whose phone had not come yet.
"""

from __future__ import annotations

from collections.abc import Iterable

from ringwake.model.push import Accepted, Kind, Outcome, Push, PushTarget
from ringwake.model.wakes import WAKING, Wake

MOST_TOKENS = 100_000
"""Beyond them the token that was pushed to longest ago goes: its phone is off, or has thrown the app away."""
MOST_WAKES = 100
"""Of one token, the last ones."""


class Ledger:
    """The open wakes of each token. A push that comes again under its id is the same wake."""

    def __init__(self) -> None:
        self._open: dict[str, dict[str, Wake]] = {}

    def sent(self, push: Push, wall: float) -> None:
        """Take note that a push goes to its provider at the wall clock `wall`."""
        why = Kind.WAKE if push.notice.kind is Kind.VOICEMAIL else push.notice.kind
        if why not in WAKING:
            return
        wakes = self._open.pop(push.token.digest, {})
        wakes.setdefault(push.notice.id, Wake(wall, why))
        if len(wakes) > MOST_WAKES:
            del wakes[next(iter(wakes))]
        self._open[push.token.digest] = wakes
        if len(self._open) > MOST_TOKENS:
            del self._open[next(iter(self._open))]

    def answered(self, push: Push, outcome: Outcome) -> None:
        """Hear what the provider said: a push that it did not take wakes nobody.

        A phone may be quicker than the answer. Then its wake is counted already, whatever the answer is.
        """
        if not isinstance(outcome, Accepted):
            self._drop(push.token.digest, [push.notice.id])

    def of(self, target: PushTarget) -> tuple[Wake, ...]:
        """Return the wakes of a phone that it has not answered yet, oldest first."""
        if not self._open:
            return ()
        return tuple(sorted(wake for _, token in target.tokens for wake in self._open.get(token.digest, {}).values()))

    def counted(self, target: PushTarget, until: float) -> list[Wake]:
        """Let go of the wakes up to the wall clock `until`, which the phone's binding has counted, and return them."""
        gone: list[Wake] = []
        for _, token in target.tokens:
            done = {known: wake for known, wake in self._open.get(token.digest, {}).items() if wake.at <= until}
            self._drop(token.digest, done)
            gone += done.values()
        return sorted(gone)

    def __len__(self) -> int:
        return len(self._open)

    def _drop(self, digest: str, pushes: Iterable[str]) -> None:
        wakes = self._open.get(digest, {})
        for known in pushes:
            wakes.pop(known, None)
        if not wakes:
            self._open.pop(digest, None)
