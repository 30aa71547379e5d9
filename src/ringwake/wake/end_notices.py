"""Telling the phones of a call that it is over: those that a push has called and that have not come.

Who has come hears it by SIP. A notice that does not get through is tried again, for as long as it is of any use.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, SendPush
from ringwake.model.events import Event, Field, Happened
from ringwake.model.push import Accepted, Kind, Outcome, Push
from ringwake.wake.allowance import Suppressed
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NOTICE_SECONDS
from ringwake.wake.delivery import SHORTEST_PAUSE, Delivery
from ringwake.wake.means import Means
from ringwake.wake.owner import Owner
from ringwake.wake.taken import Attempt, taken
from ringwake.wake.wait import Wait

STOP_SECONDS = 60.0
"""How long it is tried to make a phone stop ringing: no system shows a call for longer than that."""
MISSED_SECONDS = 180.0
"""How long it is tried to tell a missed call. It is in the list, and the next push has the badge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the phones are told."""

    kind: Kind
    words: Announcement
    """With the number on the badge."""
    trace: str
    seq: int
    """Of the call's next push."""


class EndNotices(Owner):
    """The notices of one call."""

    def __init__(self, notice: Notice, phones: Iterable[Binding], *, means: Means) -> None:
        self._notice = notice
        self._means = means
        self._waits = {binding.phone: Wait(binding) for binding in phones}
        self._until = 0.0
        self._sent: dict[str, tuple[Push, float]] = {}

    @property
    def id(self) -> str:
        """Names it, so that it hears what becomes of its pushes."""
        return f"end {self._notice.words.subject}"

    def start(self, now: float) -> Effects:
        """Tell them."""
        self._until = now + (MISSED_SECONDS if self._notice.kind is Kind.MISSED else STOP_SECONDS)
        for wait in self._waits.values():
            wait.delivery = Delivery(now=now, until=self._until, jitter=self._means.jitter())
        return self.handle_timer(now)

    def left(self, bindings: Collection[str]) -> None:
        """The account has these bindings now: whoever has logged out is told nothing."""
        for wait in self._waits.values():
            if wait.binding.id not in bindings:
                wait.stop()

    def pushed(self, device: str, outcome: Outcome, now: float) -> Effects:
        """The provider has answered, or not."""
        wait = self._waits.get(device)
        if wait is None or wait.delivery is None or not wait.is_in_flight:
            return NOTHING
        wait.is_in_flight = False
        wait.delivery.outcome(outcome, now)
        if not isinstance(outcome, Accepted):
            self._means.budget.untold(*self._sent[device])
        attempt = Attempt(binding=wait.binding, kind=self._notice.kind, trace=self._notice.trace)
        return taken(attempt, outcome, self._means, now)

    def handle_timer(self, now: float) -> Effects:
        """Push what is due."""
        due = [wait for wait in self._waits.values() if wait.is_due(now)]
        return tuple(effect for wait in due for effect in self._push(wait, now))

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called; None when there is nothing left to push."""
        return min((at for wait in self._waits.values() for at in wait.timers()), default=None)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to push, and nothing to hear."""
        return self.get_timer() is None and not any(wait.is_in_flight for wait in self._waits.values())

    def _push(self, wait: Wait, now: float) -> Effects:
        notice, delivery, wall = self._notice, wait.delivery, self._means.wall(now)
        assert delivery is not None
        until = wall + NOTICE_SECONDS
        push = notice.words.push(notice.kind, wait.binding, seq=notice.seq, wall=wall, until=until)
        if push is None:
            delivery.stop()
            return NOTHING
        suppressed = self._means.budget.tell(push, now)
        if suppressed is not None:
            return self._hold_back(wait, suppressed, now)
        push = replace(push, timeout=delivery.patience)
        delivery.begin()
        wait.is_in_flight, self._sent[wait.binding.phone] = True, (push, now)
        note = self._note(Happened.PUSH_SENT, now, device=wait.binding.id, token=push.token.label)
        return (SendPush(push, self.id, wait.binding.phone), *note)

    def _hold_back(self, wait: Wait, suppressed: Suppressed, now: float) -> Effects:
        """Look again when the push may be sent, if that is in time."""
        assert wait.delivery is not None
        is_news = wait.delivery.share(now, suppressed)
        wait.delivery.begin_anew(max(suppressed.until, now + SHORTEST_PAUSE), self._until)
        note = self._note(Happened.PUSH_SUPPRESSED, now, device=wait.binding.id, reason=suppressed.reason)
        return note if is_news else NOTHING

    def _note(self, what: Happened, now: float, **fields: Field) -> Effects:
        return (Note(Event(what, now, self._notice.trace, {"kind": self._notice.kind.value, **fields})),)
