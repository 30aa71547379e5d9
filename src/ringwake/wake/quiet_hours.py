"""When no phone rings: quiet hours by the clock on the wall, also on the days on which that clock is set.

A time of rest is one stretch, without a hole: from the first time in its day at which the clock shows its beginning to
the last time at which it shows its end. A time that the clock leaves out is the moment at which it is put forward.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from math import inf

from ringwake.model.call_settings import QuietHours

_DAYS_BACK = 1
"""What began then may still last."""
_DAYS_AHEAD = 15
"""Whatever is quiet for so long is so each week."""
_DAY = 24 * 60


def quiet_until(hours: Iterable[QuietHours], zone: tzinfo, wall: float) -> float | None:
    """Return when the quiet ends that reigns now, whatever hours follow each other or overlap.

    Args:
        hours: of one account.
        zone: whose clock is on the wall.
        wall: epoch seconds now.

    Returns:
        Epoch seconds of the first moment at which phones ring again, infinity if they never do; None: they ring now.
    """
    known, until = tuple(hours), wall
    today = datetime.fromtimestamp(wall, zone).date()
    for number in range(-_DAYS_BACK, _DAYS_AHEAD):
        # Those of a day never begin before those of the day before.
        for begin, end in _stretches(known, zone, today + timedelta(days=number)):
            if begin > until:
                return until if until > wall else None
            until = max(until, end)
    return inf if until > wall else None


def _stretches(hours: tuple[QuietHours, ...], zone: tzinfo, day: date) -> list[tuple[float, float]]:
    """Return beginning and end of what begins on a day, in epoch seconds and in order."""
    return sorted(
        (
            _moment(day, one.begin, zone, is_last=False),
            _moment(day, one.end if one.end > one.begin else one.end + _DAY, zone, is_last=True),
        )
        for one in hours
        if day.weekday() in one.days
    )


def _moment(day: date, minutes: int, zone: tzinfo, *, is_last: bool) -> float:
    """Return the epoch seconds at which the clock on the wall shows a time, for the first or for the last time."""
    shown = datetime.combine(day, time()) + timedelta(minutes=minutes)
    first, last = shown.replace(tzinfo=zone, fold=0), shown.replace(tzinfo=zone, fold=1)
    earliest, latest = first.timestamp(), last.timestamp()
    if latest >= earliest:
        return latest if is_last else earliest
    # The clock never shows it: by the offset of before it is later, by that of after it is earlier than the change.
    return _change(zone, int(latest), int(earliest))


def _change(zone: tzinfo, before: int, after: int) -> float:
    """Return the first epoch second of the offset that a zone has at `after`, and not yet at `before`."""
    offset = _offset(zone, after)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == offset:
            after = middle
        else:
            before = middle
    return float(after)


def _offset(zone: tzinfo, wall: int) -> timedelta | None:
    return datetime.fromtimestamp(wall, UTC).astimezone(zone).utcoffset()
