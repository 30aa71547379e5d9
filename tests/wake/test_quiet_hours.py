"""Claims about quiet hours: what the clock on the wall says, also on the days on which it is set.

The oracle knows nothing of offsets: it looks at the clock on the wall each minute (`tests/support/wall_clock.py`).
"""

from __future__ import annotations

from datetime import date, datetime
from math import inf
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.wall_clock import MINUTE, Change, WallClock, quiet

from ringwake.model.call_settings import QuietHours
from ringwake.wake.quiet_hours import quiet_until


def at(text: str, zone: str, *, fold: int = 0) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone), fold=fold).timestamp()


def until(hours: list[QuietHours], zone: str, text: str, *, fold: int = 0) -> str | None:
    """When phones ring again, by the clock on the wall."""
    found = quiet_until(hours, ZoneInfo(zone), at(text, zone, fold=fold))
    return None if found is None else datetime.fromtimestamp(found, ZoneInfo(zone)).isoformat(" ", "minutes")


# ---- without a change


@pytest.mark.parametrize(
    ("now", "rings_again"),
    [
        ("2027-06-08 21:59:59", None),
        ("2027-06-08 22:00", "2027-06-09 07:00+02:00"),
        ("2027-06-08 23:59:59", "2027-06-09 07:00+02:00"),
        ("2027-06-09 00:00", "2027-06-09 07:00+02:00"),
        ("2027-06-09 06:59:59", "2027-06-09 07:00+02:00"),
        ("2027-06-09 07:00", None),
    ],
)
def test_a_night_begins_on_one_day_and_ends_on_the_next(now: str, rings_again: str | None) -> None:
    assert until([quiet("22:00", "07:00")], "Europe/Berlin", now) == rings_again


@pytest.mark.parametrize(
    ("now", "rings_again"),
    [
        ("2027-06-11 22:30", "2027-06-12 07:00+00:00"),  # Friday
        ("2027-06-12 01:00", "2027-06-12 07:00+00:00"),  # Saturday, in the night that began on Friday
        ("2027-06-12 22:30", None),  # Saturday
        ("2027-06-13 01:00", None),
    ],
)
def test_the_days_are_those_on_which_it_begins(now: str, rings_again: str | None) -> None:
    assert until([quiet("22:00", "07:00", 4)], "UTC", now) == rings_again


def test_hours_that_overlap_or_follow_each_other_are_one_quiet() -> None:
    night, nap, lunch = quiet("22:00", "07:00"), quiet("06:30", "12:00", 5, 6), quiet("12:00", "13:00", 6)
    assert until([lunch, nap, night], "UTC", "2027-06-11 23:00") == "2027-06-12 12:00+00:00"
    assert until([night, lunch, nap], "UTC", "2027-06-12 23:00") == "2027-06-13 13:00+00:00"
    assert until([night, lunch, nap], "UTC", "2027-06-13 12:00") == "2027-06-13 13:00+00:00"
    assert until([quiet("08:00", "20:00"), quiet("09:00", "10:00")], "UTC", "2027-06-11 09:30") == (
        "2027-06-11 20:00+00:00"
    ), "what lies inside another one shortens nothing"


def test_from_midnight_to_midnight_is_a_whole_day() -> None:
    sunday = quiet("00:00", "00:00", 6)
    assert until([sunday], "UTC", "2027-06-12 23:59:59") is None
    assert until([sunday], "UTC", "2027-06-13 00:00") == "2027-06-14 00:00+00:00"
    assert until([sunday], "UTC", "2027-06-13 23:59:59") == "2027-06-14 00:00+00:00"
    assert until([sunday], "UTC", "2027-06-14 00:00") is None


def test_from_any_time_to_the_same_is_a_day_too() -> None:
    assert until([quiet("09:00", "09:00", 0)], "UTC", "2027-06-08 08:59") == "2027-06-08 09:00+00:00"


@pytest.mark.parametrize("begin", ["00:00", "12:34"])
def test_who_is_never_to_be_disturbed_has_no_end_of_it(begin: str) -> None:
    assert quiet_until([quiet(begin, begin)], ZoneInfo("Europe/Berlin"), at("2027-06-08 12:00", "UTC")) == inf


def test_a_quiet_of_six_days_ends() -> None:
    week = quiet("00:00", "00:00", 0, 1, 2, 3, 4, 5)
    assert until([week], "UTC", "2027-06-07 00:00") == "2027-06-13 00:00+00:00"


@pytest.mark.parametrize("hours", [[], [QuietHours(days=(), begin=1320, end=420)]])
def test_without_hours_it_is_never_quiet(hours: list[QuietHours]) -> None:
    assert until(hours, "UTC", "2027-06-08 23:00") is None


def test_the_moment_is_exact_within_a_second() -> None:
    begin = at("2027-06-08 22:00", "Europe/Berlin")
    zone, hours = ZoneInfo("Europe/Berlin"), [quiet("22:00", "07:00")]
    assert quiet_until(hours, zone, begin - 0.001) is None
    assert quiet_until(hours, zone, begin) == begin + 9 * 3600
    assert quiet_until(hours, zone, begin + 9 * 3600 - 0.001) == begin + 9 * 3600
    assert quiet_until(hours, zone, begin + 9 * 3600) is None


# ---- on the days of a change, as a person would say it


@pytest.mark.parametrize(
    ("zone", "hours", "now", "fold", "rings_again"),
    [
        # The clock goes from 2 to 3: a night is an hour shorter.
        ("Europe/Berlin", ("22:00", "07:00"), "2027-03-27 22:00", 0, "2027-03-28 07:00+02:00"),
        # 2:30 is never shown: it begins when the clock is put forward, which then shows 3.
        ("Europe/Berlin", ("02:30", "05:00"), "2027-03-28 01:59", 0, None),
        ("Europe/Berlin", ("02:30", "05:00"), "2027-03-28 03:00", 0, "2027-03-28 05:00+02:00"),
        # Nor is its end: likewise.
        ("Europe/Berlin", ("01:00", "02:30"), "2027-03-28 01:59", 0, "2027-03-28 03:00+02:00"),
        ("Europe/Berlin", ("01:00", "02:30"), "2027-03-28 03:00", 0, None),
        # Neither of both: there is no such hour on that day.
        ("Europe/Berlin", ("02:10", "02:50"), "2027-03-28 03:00", 0, None),
        ("Europe/Berlin", ("02:10", "02:50"), "2027-03-29 02:10", 0, "2027-03-29 02:50+02:00"),
        # The clock goes from 3 back to 2: it ends when 2:30 is shown for the second time.
        ("Europe/Berlin", ("22:00", "02:30"), "2027-10-31 02:29", 0, "2027-10-31 02:30+01:00"),
        ("Europe/Berlin", ("22:00", "02:30"), "2027-10-31 02:45", 0, "2027-10-31 02:30+01:00"),
        ("Europe/Berlin", ("22:00", "02:30"), "2027-10-31 02:29", 1, "2027-10-31 02:30+01:00"),
        ("Europe/Berlin", ("22:00", "02:30"), "2027-10-31 02:30", 1, None),
        # It begins when 2:30 is shown for the first time, and has no hole.
        ("Europe/Berlin", ("02:30", "07:00"), "2027-10-31 02:29", 0, None),
        ("Europe/Berlin", ("02:30", "07:00"), "2027-10-31 02:30", 0, "2027-10-31 07:00+01:00"),
        ("Europe/Berlin", ("02:30", "07:00"), "2027-10-31 02:15", 1, "2027-10-31 07:00+01:00"),
        ("America/New_York", ("22:00", "07:00"), "2027-03-13 23:00", 0, "2027-03-14 07:00-04:00"),
        ("America/New_York", ("23:00", "01:30"), "2027-11-07 01:30", 0, "2027-11-07 01:30-05:00"),
        # Half an hour, in the spring of the south.
        ("Australia/Lord_Howe", ("22:00", "07:00"), "2027-10-02 22:00", 0, "2027-10-03 07:00+11:00"),
        ("Australia/Lord_Howe", ("02:15", "06:00"), "2027-10-03 02:30", 0, "2027-10-03 06:00+11:00"),
        ("Australia/Lord_Howe", ("02:15", "06:00"), "2027-10-03 01:59", 0, None),
        ("Australia/Lord_Howe", ("20:00", "01:45"), "2027-04-04 01:50", 0, "2027-04-04 01:45+10:30"),
        ("Australia/Lord_Howe", ("20:00", "01:45"), "2027-04-04 01:45", 1, None),
    ],
)
def test_what_a_person_would_say_on_the_day_of_a_change(
    zone: str, hours: tuple[str, str], now: str, fold: int, rings_again: str | None
) -> None:
    assert until([quiet(*hours)], zone, now, fold=fold) == rings_again


def test_a_night_lasts_as_long_as_the_clock_makes_it() -> None:
    def length(zone: str, day: str) -> float:
        begin = at(f"{day} 22:00", zone)
        end = quiet_until([quiet("22:00", "07:00")], ZoneInfo(zone), begin)
        assert end is not None
        return (end - begin) / 3600

    assert [length("Europe/Berlin", day) for day in ("2027-03-26", "2027-03-27", "2027-10-30")] == [9, 8, 10]
    assert [length("America/New_York", day) for day in ("2027-03-13", "2027-11-06")] == [8, 10]
    assert [length("Australia/Lord_Howe", day) for day in ("2027-10-02", "2027-04-03")] == [8.5, 9.5]


# ---- minute by minute


CHANGES = [
    Change("Europe/Berlin", date(2027, 3, 28)),
    Change("Europe/Berlin", date(2027, 10, 31)),
    Change("America/New_York", date(2027, 3, 14)),
    Change("America/New_York", date(2027, 11, 7)),
    Change("Australia/Lord_Howe", date(2027, 10, 3)),
    Change("Australia/Lord_Howe", date(2027, 4, 4)),
    # Two hours at once.
    Change("Antarctica/Troll", date(2027, 3, 28)),
    Change("Antarctica/Troll", date(2027, 10, 31)),
    # The clock is changed at midnight: it goes from 24:00 to 1:00, and from 24:00 back to 23:00.
    Change("America/Santiago", date(2027, 9, 5)),
    Change("America/Santiago", date(2027, 4, 4)),
    # At one minute past midnight it was put back into the day before.
    Change("America/St_Johns", date(2010, 11, 7)),
    # A whole day was left out.
    Change("Pacific/Apia", date(2011, 12, 31)),
]


def check(change: Change, hours: list[QuietHours], minutes: range) -> None:
    clock, zone = WallClock(change), ZoneInfo(change.zone)
    expected = clock.rings_again(hours)
    for minute in minutes:
        found = quiet_until(hours, zone, clock.begin + minute * MINUTE)
        assert found == expected[minute], (clock.shown[minute], hours)


@pytest.mark.parametrize("change", CHANGES, ids=str)
@pytest.mark.parametrize(
    "hours",
    [
        [quiet("22:00", "07:00")],
        [quiet("00:30", "02:15"), quiet("02:15", "02:45"), quiet("23:00", "23:30")],
        [quiet("01:45", "02:30"), quiet("03:00", "03:15")],
        [quiet("00:00", "00:00", 6)],
        [quiet("23:15", "00:00"), quiet("00:00", "00:01"), quiet("01:00", "01:59")],
    ],
    ids=["night", "pieces", "around", "all-day", "midnight"],
)
def test_each_minute_of_a_change_is_what_the_clock_on_the_wall_says(change: Change, hours: list[QuietHours]) -> None:
    check(change, hours, WallClock(change).day())


TIMES = st.integers(0, 24 * 60 - 1) | st.integers(22 * 60, 24 * 60 - 1) | st.integers(0, 4 * 60)
HOURS = st.builds(
    QuietHours, days=st.sets(st.integers(0, 6)).map(lambda days: tuple(sorted(days))), begin=TIMES, end=TIMES
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(CHANGES), st.lists(HOURS, max_size=4), st.integers(0, 23 * 60 - 1))
def test_any_hours_are_what_the_clock_on_the_wall_says(change: Change, hours: list[QuietHours], start: int) -> None:
    clock = WallClock(change)
    minute = clock.day().start + start
    found = quiet_until(hours, ZoneInfo(change.zone), clock.begin + minute * MINUTE)
    if found is None or found < clock.last_answer:
        check(change, hours, range(minute, minute + 1))
