"""The guard against mass deletion: no mistake of a provider, or of ours there, takes the tokens of all phones away.

A few phones lose their app each day. When many tokens of one application are called dead at once, something else is
wrong: a key of another team, the wrong environment, an outage (reliability P7, docs/adr/0029-token-life.md). Then
nothing of that application is deleted, what went in the last minute is put back, and the operator is told.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto

from ringwake.model.app import AppKey
from ringwake.model.check import Check, Verdict
from ringwake.model.token_ops import Forgotten

MINUTE, HOUR = 60.0, 3600.0
MOST = 20
"""Tokens of one application that may go within a minute, and within an hour whatever their share."""
ONE_IN = 20
"""Within an hour beyond `MOST`: no more than one for so many answers that spoke of a token (5 %)."""
QUIET = 600.0
"""Seconds without a dead word after which it is over; and over which the rate is looked at that ends it sooner."""
ENOUGH = 100
"""Pushes that must have been taken in that time, if there were dead words too."""


class Word(Enum):
    """What is to be done about a token that its provider calls dead."""

    FORGET = auto()
    TRIP = auto()
    """Keep it: this was one too many. What was forgotten in the last minute is to be put back."""
    KEEP = auto()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """An application whose tokens are not deleted just now."""

    app: AppKey
    since: float
    """Monotonic seconds."""
    kept: int
    """How often a token of it was called dead since then."""


@dataclass(slots=True)
class _Deletion:
    at: float
    digest: str
    forgotten: Forgotten | None = None


class _Hour:
    """How many pushes were taken and how many tokens called dead in the last hour, by minutes."""

    def __init__(self) -> None:
        self._minute = 0
        self._slots = [(0, 0)] * 60

    def add(self, now: float, *, taken: int = 0, dead: int = 0) -> None:
        """Count."""
        self._advance(now)
        slot = self._slots[self._minute % 60]
        self._slots[self._minute % 60] = slot[0] + taken, slot[1] + dead

    def sums(self, now: float) -> tuple[int, int]:
        """Return both, taken first."""
        self._advance(now)
        return sum(taken for taken, _ in self._slots), sum(dead for _, dead in self._slots)

    def _advance(self, now: float) -> None:
        minute = int(now // MINUTE)
        for passed in range(max(self._minute, minute - 60) + 1, minute + 1):
            self._slots[passed % 60] = 0, 0
        self._minute = max(self._minute, minute)


@dataclass(slots=True)
class _Alarm:
    """A trip that is not over."""

    since: float
    last: float
    """When a token was last called dead."""
    began: float
    """When the rate was begun to be looked at."""
    kept: int = 1
    taken: int = 0
    dead: int = 0

    def is_over(self, now: float) -> bool:
        """Tell whether the provider speaks as it should again; if not after a while, begin to look anew."""
        if now - self.last >= QUIET:
            return True
        if now - self.began < QUIET:
            return False
        is_normal = self.taken >= ENOUGH and self.dead * ONE_IN <= self.taken + self.dead
        self.began, self.taken, self.dead = now, 0, 0
        return is_normal


@dataclass(slots=True)
class _Watch:
    """One application."""

    hour: _Hour = field(default_factory=_Hour)
    recent: deque[_Deletion] = field(default_factory=lambda: deque(maxlen=MOST))
    alarm: _Alarm | None = None
    owed: tuple[Forgotten, ...] = ()
    """What is still to be put back."""

    def is_too_much(self, now: float) -> bool:
        """Tell whether one more would be one too many."""
        if len([gone for gone in self.recent if gone.at > now - MINUTE]) >= MOST:
            return True
        taken, dead = self.hour.sums(now)
        return dead >= MOST and (dead + 1) * ONE_IN > taken + dead + 1

    def trip(self, now: float) -> None:
        """Begin to keep tokens."""
        self.alarm = _Alarm(since=now, last=now, began=now)
        last = (gone.forgotten for gone in self.recent if gone.at > now - MINUTE)
        self.owed = (*self.owed, *(forgotten for forgotten in last if forgotten is not None))
        self.recent.clear()
        self.hour = _Hour()


class TokenGuard:
    """Judges each word that a token is dead, before it is deleted. Keeps a little for each application, in memory."""

    def __init__(self) -> None:
        self._watches: dict[AppKey, _Watch] = {}

    def taken(self, app: AppKey, now: float) -> None:
        """Take note that the application's provider has taken a push. Pushes are counted, not the phones they are for.

        A phone that is pushed to often makes the share of dead ones look smaller; the bound of a minute knows no share.
        """
        watch = self._watch(app)
        watch.hour.add(now, taken=1)
        if watch.alarm is not None:
            watch.alarm.taken += 1

    def judge(self, app: AppKey, digest: str, now: float) -> Word:
        """Say what is to be done about the token with this digest, which its provider calls dead."""
        watch = self._watch(app)
        if watch.alarm is not None:
            watch.alarm.last = now
            watch.alarm.kept += 1
            watch.alarm.dead += 1
            return Word.KEEP
        known = next((gone for gone in watch.recent if gone.digest == digest), None)
        if known is not None:
            if known.at <= now - MINUTE:  # registered again, and dead again: it is one token, however often
                watch.recent.remove(known)
                watch.recent.append(_Deletion(now, digest))
            return Word.FORGET  # else two pushes have learned of it
        if watch.is_too_much(now):
            watch.trip(now)
            return Word.TRIP
        watch.recent.append(_Deletion(now, digest))
        watch.hour.add(now, dead=1)
        return Word.FORGET

    def forgot(self, app: AppKey, forgotten: Forgotten) -> None:
        """Remember what a token was taken from. If the guard has tripped meanwhile, it is owed at once."""
        watch = self._watch(app)
        if watch.alarm is not None:
            watch.owed = (*watch.owed, forgotten)
            return
        for gone in watch.recent:
            # The first word has taken it from all that it took it from.
            if gone.digest == forgotten.digest and gone.forgotten is None:
                gone.forgotten = forgotten

    def owed(self, app: AppKey) -> tuple[Forgotten, ...]:
        """Hand over what is to be put back, in the order in which it went. Whoever fails to do so `owes` it again."""
        watch = self._watch(app)
        owed, watch.owed = watch.owed, ()
        return owed

    def owes(self, app: AppKey, forgotten: Sequence[Forgotten]) -> None:
        """Take back what could not be put back."""
        watch = self._watch(app)
        watch.owed = (*forgotten, *watch.owed)

    def debtors(self) -> list[AppKey]:
        """Return the applications for which something is to be put back."""
        return [app for app, watch in self._watches.items() if watch.owed]

    def sweep(self, now: float) -> list[AppKey]:
        """End the trips that are over; return whose. What is counted then begins at zero."""
        over = [app for app, watch in self._watches.items() if watch.alarm is not None and watch.alarm.is_over(now)]
        for app in over:
            self._watches[app] = _Watch(owed=self._watches[app].owed)
        return over

    def tripped(self) -> list[Trip]:
        """Return the applications whose tokens are not deleted just now."""
        alarms = ((app, watch.alarm) for app, watch in self._watches.items())
        return [Trip(app=app, since=alarm.since, kept=alarm.kept) for app, alarm in alarms if alarm is not None]

    def _watch(self, app: AppKey) -> _Watch:
        return self._watches.setdefault(app, _Watch())


def checks(trips: Iterable[Trip], now: float) -> list[Check]:
    """Return what `ringwake doctor` says of the guard, at monotonic seconds `now`."""
    found = [
        Check(
            name=f"tokens {trip.app.provider.value} {trip.app.param}",
            verdict=Verdict.FAIL,
            cause=f"too many tokens were called dead at once, {int((now - trip.since) / MINUTE)} minutes ago: "
            f"none is deleted ({trip.kept} words since)",
            mend="see that key, team, project and environment are those of the app; deletion begins again by itself "
            "10 minutes after the last such word, or when 95 % of the pushes are taken. If the tokens are dead "
            "indeed, as after a move to another app, leave it: their registrations run out",
        )
        for trip in trips
    ]
    return found or [Check(name="tokens", verdict=Verdict.OK, cause="no more tokens are called dead than usual")]
