"""Quiet hours on the days on which the clock is set, through the whole server: who rings, and who is told to wait.

Somebody calls every twenty minutes of such a day, at the very moment that the server has named, and a second before it.
What is right is read off a clock on the wall (`tests/support/wall_clock.py`).
"""

from __future__ import annotations

from datetime import date
from math import ceil

import pytest
from tests.support.in_world import asleep, refuse
from tests.support.settled_world import SettledWorld, in_settled_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.wall_clock import MINUTE, Change, WallClock, quiet
from tests.support.world import DOMAIN, Phone

from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings
from ringwake.model.events import Happened
from ringwake.model.history import Outcome
from ringwake.model.history_ops import ListHistory
from ringwake.model.settings import Settings
from ringwake.sip.message import Response
from ringwake.sip.methods import INVITE

CHANGES = [
    Change("Europe/Berlin", date(2027, 3, 28)),
    Change("Europe/Berlin", date(2027, 10, 31)),
    Change("America/New_York", date(2027, 3, 14)),
    Change("America/New_York", date(2027, 11, 7)),
    # Half an hour, on the southern half of the earth: forward in October, back in April.
    Change("Australia/Lord_Howe", date(2027, 10, 3)),
    Change("Australia/Lord_Howe", date(2027, 4, 4)),
]
# A night and a nap, and both times of each hour that is left out or comes twice: between 1 and 3 o'clock.
HOURS = [quiet("22:10", "00:50"), quiet("01:20", "01:50"), quiet("02:15", "06:30"), quiet("13:00", "14:00", 5, 6)]
EVERY = 20 * MINUTE
AROUND = 60
"""Minutes before and after the day."""
BEGUN = 1000.0
"""What the virtual clock shows when a world begins."""


class Day:
    """The day of a change, in a world that begins with it."""

    def __init__(self, world: SettledWorld, change: Change) -> None:
        self.world = world
        self.clock = WallClock(change)
        self.rings_again = self.clock.rings_again(HOURS)
        minutes = self.clock.day(AROUND)
        self.begin, self.end = (self.clock.begin + minute * MINUTE for minute in (minutes.start, minutes.stop))
        self.rang = self.silenced = 0

    @property
    def now(self) -> float:
        """Epoch seconds."""
        return self.world.wall(self.world.loop.time())

    async def call(self, phone: Phone) -> float | None:
        """Call alice; returns when the caller is to try again, in epoch seconds, if the answer says so."""
        phone.pushes.clear()
        phone.calls.clear()
        phone.wakes = self._rings_again(self.now) is None  # one that is only told of a call stays asleep
        heard, decided_at = await self._heard()
        await pause(0.2)
        expected, after = self._rings_again(decided_at), heard.headers.get("retry-after")
        kinds = [push.notice.kind.value for push in phone.pushes]
        shown = f"when the clock on the wall shows {self.clock.shown[int(decided_at - self.clock.begin) // MINUTE]}"
        if expected is None:
            self.rang += 1
            assert (heard.status, after, kinds, len(phone.calls)) == (486, None, ["call"], 1), shown
        else:
            self.silenced += 1
            seconds = str(ceil(expected - decided_at))
            assert (heard.status, after, kinds, len(phone.calls)) == (480, seconds, ["missed"], 0), shown
        await phone.sleep()
        return expected

    async def until(self, wall: float) -> None:
        """Let time pass until a moment, in epoch seconds."""
        await pause(max(0.0, wall - self.now))

    async def _heard(self) -> tuple[Response, float]:
        """Return what the caller hears, and the epoch seconds at which the server has got the call."""
        caller = await Stranger(self.world).open()
        request = caller.request(INVITE, f"sip:alice@{DOMAIN}", f"Contact: <sip:boss@{caller.address}>")
        heard = await caller.ask_as("boss", request, seconds=10)
        await caller.close()
        came = [event.at for event in self.world.events if event.what is Happened.INVITE_RECEIVED]
        return heard, self.world.wall(came[-1])

    def _rings_again(self, wall: float) -> float | None:
        return self.rings_again[int(wall - self.clock.begin) // MINUTE]


@pytest.mark.parametrize("change", CHANGES, ids=str)
def test_each_call_of_the_day_rings_or_hears_to_the_second_when_it_would(change: Change) -> None:
    async def test(world: SettledWorld) -> None:
        day = Day(world, change)
        phone = await asleep(world)
        phone.on_call = refuse(486)
        agenda: set[float] = set(range(day.begin, day.end, EVERY))
        while agenda:
            moment = min(agenda)
            agenda.remove(moment)
            await day.until(moment)
            if (again := await day.call(phone)) is not None:
                agenda |= {at for at in (again - 1, again) if at > day.now}
        assert day.rang > 30
        assert day.silenced > 30
        entries = await world.store.do(ListHistory(aor=Aor(f"alice@{DOMAIN}"), limit=200))
        assert sum(entry.outcome is Outcome.SILENCED for entry in entries) == day.silenced

    clock = WallClock(change)
    begin = clock.begin + clock.day(AROUND).start * MINUTE
    wishes = Settings(calls=CallSettings(quiet_hours=tuple(HOURS), time_zone=change.zone))
    in_settled_world(test, epoch=begin - BEGUN - 120, limit=3 * 86_400, alice=wishes)
