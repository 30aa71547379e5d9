"""The clock on somebody's wall, looked at each minute: it knows nothing of offsets, folds and gaps.

What it says of quiet hours is found by looking, so it judges code that computes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ringwake.model.call_settings import QuietHours

MINUTE = 60
_BACK, _AHEAD = 4, 5
"""Days before and after a change that are looked at."""


class Change(NamedTuple):
    """A day on which the clock is set."""

    zone: str
    day: date


def quiet(begin: str, end: str, *days: int) -> QuietHours:
    """Write quiet hours as people do; without days they are those of each day."""
    return QuietHours(days=days or tuple(range(7)), begin=_minutes(begin), end=_minutes(end))


class WallClock:
    """What a clock shows in the days around a change."""

    def __init__(self, change: Change) -> None:
        self.change = change
        self.begin, self.shown = _looked_at(change)
        """Epoch seconds of the first minute, and what is shown in each."""

    @property
    def last_answer(self) -> float:
        """Epoch seconds up to which `rings_again` knows an end of the quiet."""
        return self.begin + (_BACK + 2) * 24 * 60 * MINUTE

    def day(self, around: int = 120) -> range:
        """Return the minutes of the day of the change, and some before and after it."""
        found = [minute for minute, wall in enumerate(self.shown) if wall.date() == self.change.day]
        return range(found[0] - around, found[-1] + around)

    def rings_again(self, hours: Sequence[QuietHours]) -> list[float | None]:
        """Return for each minute the epoch seconds at which its quiet ends; None: phones ring."""
        silent = {minute for one in hours for stretch in self._stretches(one) for minute in stretch}
        answers: list[float | None] = []
        again = len(self.shown)
        for minute in reversed(range(len(self.shown))):
            again = again if minute in silent else minute
            answers.append(None if again == minute else float(self.begin + again * MINUTE))
        return answers[::-1]

    def _stretches(self, one: QuietHours) -> Iterator[range]:
        for number in range(-3, 4):
            midnight = datetime.combine(self.change.day + timedelta(days=number), time())
            if midnight.weekday() not in one.days:
                continue
            begin = midnight + timedelta(minutes=one.begin)
            end = midnight + timedelta(minutes=one.end, days=one.end <= one.begin)
            # From the first minute that shows it to the last one; where none does: to the first that shows a later one.
            ends = [minute for minute, wall in enumerate(self.shown) if wall == end]
            yield range(self._first(begin), ends[-1] if ends else self._first(end))

    def _first(self, shown: datetime) -> int:
        return next(minute for minute, wall in enumerate(self.shown) if wall >= shown)


@cache
def _looked_at(change: Change) -> tuple[int, list[datetime]]:
    noon = datetime.combine(change.day, time(12), UTC)
    begin = int((noon - timedelta(days=_BACK)).timestamp())
    zone = ZoneInfo(change.zone)
    moments = (begin + MINUTE * number for number in range((_BACK + _AHEAD) * 24 * 60))
    return begin, [
        datetime.fromtimestamp(moment, UTC).astimezone(zone).replace(tzinfo=None, fold=0) for moment in moments
    ]


def _minutes(text: str) -> int:
    hours, _, minutes = text.partition(":")
    return int(hours) * 60 + int(minutes)
