"""Claims about the pace of REGISTERs to a PBX: a probe while it is gone, all within a minute after, never a storm."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from itertools import count, pairwise
from random import Random
from time import perf_counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.ids import SeededIds

from ringwake.ua.pacing import Pace, Pacing
from ringwake.ua.pbx_probe import Probe

ROUND_TRIP = 0.05
TIMEOUT = 32.0


class Site:
    """Accounts at a PBX under a time of our own: what is taken is answered, or not."""

    def __init__(self, accounts: int, *, pace: Pace | None = None, is_up: bool = True, grant: float = 3600.0) -> None:
        self.pacing = Pacing(SeededIds(Random(7)), pace)
        self.now = 0.0
        self.is_up = is_up
        self.grant = grant
        self.sent: list[tuple[float, str]] = []
        self._under_way: deque[tuple[float, str]] = deque()
        for number in range(accounts):
            self.pacing.add(f"a{number}")

    def run(self, until: float, each: Callable[[], None] = lambda: None) -> None:
        while True:
            timer = self.pacing.get_timer()
            at = min(
                until if timer is None else max(timer, self.now), self._under_way[0][0] if self._under_way else until
            )
            if at >= until:
                self.now = until
                return
            self.now = at
            while self._under_way and self._under_way[0][0] <= self.now:
                self._come_back(self._under_way.popleft()[1])
            for account in self.pacing.take(self.now):
                self.sent.append((self.now, account))
                self._under_way.append((self.now + (ROUND_TRIP if self.is_up else TIMEOUT), account))
            each()

    def _come_back(self, account: str) -> None:
        if self.is_up:
            self.pacing.answered(account, self.now)
            self.pacing.plan(account, self.now + self.grant * 0.7)
        else:
            self.pacing.failed(account, self.now)
            self.pacing.plan(account, self.now + 45.0)

    def stop(self) -> None:
        """Let the PBX go down, as its connection tells."""
        self.is_up = False
        self._under_way.clear()
        self.sent.clear()
        self.pacing.lost(self.now)

    def come_back(self) -> float:
        """Let the PBX be there again: what is under way is repeated and answered."""
        self.is_up = True
        self.sent = [(self.now, account) for _, account in self._under_way]
        self._under_way = deque((self.now + ROUND_TRIP, account) for _, account in self._under_way)
        self.pacing.heard(self.now)
        return self.now

    def most_in(self, seconds: float) -> int:
        """Return the largest number of REGISTERs in any such time."""
        window: deque[float] = deque()
        most = 0
        for at, _ in self.sent:
            window.append(at)
            while window[0] <= at - seconds:
                window.popleft()
            most = max(most, len(window))
        return most


def settled(accounts: int, **more: float) -> Site:
    """Return a site whose accounts are all registered."""
    site = Site(accounts, **more)  # type: ignore[arg-type]  # the grant
    site.run(70.0)
    assert site.pacing.waiting == 0
    return site


# ---- after an outage


@pytest.mark.parametrize("accounts", [1, 10, 200, 1000, 10_000])
def test_after_an_outage_all_are_back_within_a_minute_and_the_first_at_once(accounts: int) -> None:
    site = settled(accounts)
    site.stop()
    site.run(130.0)
    assert 1 <= len(site.sent) <= 2, "a probe, and its repetition"
    back = site.come_back()
    site.run(back + 60.0)
    times = [at - back for at, _ in site.sent]
    assert {account for _, account in site.sent} == {f"a{number}" for number in range(accounts)}
    assert times[0] <= ROUND_TRIP
    assert max(times) <= 51.0


@pytest.mark.parametrize(("accounts", "most"), [(200, 10), (600, 13), (10_000, 221)])
def test_a_return_is_no_storm(accounts: int, most: int) -> None:
    site = Site(accounts)
    site.run(60.0)
    assert {account for _, account in site.sent} == {f"a{number}" for number in range(accounts)}
    assert site.most_in(1.0) <= most


def test_two_hundred_accounts_are_spread_and_not_sent_in_one_go() -> None:
    site = Site(200)
    site.run(60.0)
    last = site.sent[-1][0]
    assert 25.0 <= last <= 50.0
    by_second = [sum(1 for at, _ in site.sent if second <= at < second + 5) for second in range(0, int(last) - 5, 5)]
    assert max(by_second) - min(by_second) <= 12, by_second


def test_few_accounts_do_not_wait_for_the_window() -> None:
    site = Site(5)
    site.run(60.0)
    assert site.sent[-1][0] <= 4.1


def test_the_one_that_was_called_last_comes_first() -> None:
    site = settled(50)
    for account in ("a7", "a30", "a12", "a30"):
        site.pacing.called(account)
    site.stop()
    site.is_up = True
    site.run(site.now + 60.0)
    assert [account for _, account in site.sent[:3]] == ["a30", "a12", "a7"]
    assert len(site.sent) == 50


def test_who_is_called_while_waiting_moves_up() -> None:
    site = Site(50)
    site.run(0.5)
    site.pacing.called("a3")
    before = len(site.sent)
    site.run(3.0)
    assert site.sent[before][1] == "a3"
    site.pacing.called("nobody")


def test_a_second_outage_on_the_way_back_keeps_the_order_and_loses_nobody() -> None:
    site = settled(100)
    for number in range(100):
        site.pacing.called(f"a{number}")
    site.stop()
    site.is_up = True
    site.run(site.now + 10.0)
    first = [account for _, account in site.sent]
    assert 10 <= len(first) < 100
    site.stop()
    site.is_up = True
    site.run(site.now + 60.0)
    again = [account for _, account in site.sent]
    assert again[: len(first)] == first
    assert len(set(again)) == 100


# ---- while it is gone


def test_while_the_pbx_is_gone_there_is_one_probe_for_each_pause() -> None:
    site = Site(10_000, is_up=False)
    site.run(3600.0)
    assert 3600 / (TIMEOUT + 60) - 1 <= len(site.sent) <= 3600 / (TIMEOUT + 20)
    assert site.most_in(TIMEOUT) == 1


def test_each_probe_is_another_accounts() -> None:
    site = Site(3, is_up=False)
    site.run(400.0)
    assert {account for _, account in site.sent[:3]} == {"a0", "a1", "a2"}
    assert len(site.sent) > 3, "and then they begin anew"


def test_the_probe_that_is_answered_brings_the_others_after_it() -> None:
    site = Site(20, is_up=False)
    site.run(100.0)
    tried = [account for _, account in site.sent]
    assert len(tried) >= 2
    site.sent.clear()
    site.is_up = True
    site.pacing.heard(site.now)
    site.run(site.now + 60.0)
    assert {account for _, account in site.sent} | set(tried) == {f"a{number}" for number in range(20)}
    assert set(tried) & {account for _, account in site.sent[:4]}, "they have waited longest"
    assert site.pacing.waiting == 0


def test_a_register_without_an_answer_is_an_outage_and_another_account_makes_sure_at_once() -> None:
    site = settled(5)
    pacing = site.pacing
    pacing.called("a1")
    pacing.sent("a1", site.now)
    pacing.failed("a1", site.now + TIMEOUT)
    assert not pacing.is_up
    assert pacing.waiting == 5
    (probe,) = pacing.take(site.now + TIMEOUT)
    assert probe != "a1"
    assert pacing.take(site.now + TIMEOUT) == ()
    assert pacing.get_timer() is None, "it waits for the probe"


def test_one_account_without_an_answer_is_no_outage_where_others_have_one() -> None:
    site = settled(5)
    pacing = site.pacing
    pacing.sent("a1", site.now)
    pacing.sent("a2", site.now + 1.0)
    pacing.answered("a2", site.now + 2.0)
    pacing.failed("a1", site.now + TIMEOUT)
    pacing.plan("a1", site.now + 100.0)
    assert (pacing.is_up, pacing.waiting) == (True, 0)
    assert "a1" in pacing.take(site.now + 100.0)


def test_what_was_under_way_when_the_pbx_went_is_registered_again_too() -> None:
    site = settled(5)
    pacing = site.pacing
    pacing.sent("a1", site.now)
    pacing.sent("a2", site.now)
    pacing.failed("a1", site.now + TIMEOUT)
    pacing.failed("a2", site.now + TIMEOUT)
    assert pacing.waiting == 5


def test_a_late_answer_is_an_answer() -> None:
    site = settled(5)
    pacing = site.pacing
    pacing.sent("a1", site.now)
    pacing.lost(site.now)
    pacing.answered("a1", site.now + 1.0)
    assert pacing.is_up


def test_503_holds_all_back_and_makes_nobody_register_anew() -> None:
    site = settled(5)
    pacing, now = site.pacing, site.now
    pacing.sent("a1", now)
    pacing.busy("a1", now, 120.0)
    pacing.plan("a1", now + 60.0)
    assert (pacing.is_up, pacing.waiting) == (False, 1)
    pacing.heard(now + 1.0)
    assert pacing.take(now + 119.0) == ()
    assert pacing.get_timer() == now + 120.0
    assert pacing.take(now + 120.0) == ("a1",)
    pacing.busy("a1", now + 121.0, 60.0)
    assert pacing.take(now + 180.0) == ()
    assert pacing.take(now + 181.0) == ("a1",)


def test_a_pbx_that_goes_after_it_was_busy_has_lost_all() -> None:
    site = settled(5)
    site.pacing.busy("a1", site.now, 600.0)
    site.pacing.lost(site.now)
    assert site.pacing.waiting == 5
    assert site.pacing.get_timer() == site.now + 600.0


# ---- day by day


def test_refreshes_leave_when_they_are_due() -> None:
    site = settled(3, grant=60.0)
    site.sent.clear()
    site.run(site.now + 420.0)
    for account in ("a0", "a1", "a2"):
        times = [at for at, each in site.sent if each == account]
        assert len(times) in (9, 10, 11)
        assert all(41.9 <= after - before <= 43.0 for before, after in pairwise(times))


@pytest.mark.parametrize(("accounts", "most"), [(40, 12), (2000, 450)])
def test_refreshes_that_fall_due_together_are_stretched_but_not_by_much(accounts: int, most: int) -> None:
    site = settled(accounts)
    for number in range(accounts):
        site.pacing.plan(f"a{number}", 100.0)
    site.sent.clear()
    site.run(110.0)
    assert len(site.sent) == accounts
    assert site.sent[-1][0] <= 105.1
    assert site.most_in(1.0) <= most


def test_accounts_with_a_minutes_grant_do_not_starve_those_that_come_back() -> None:
    site = Site(2000, grant=30.0)
    site.run(60.0)
    assert len({account for _, account in site.sent}) == 2000


def test_an_account_whose_trouble_is_its_own_is_not_registered_anew() -> None:
    site = settled(3)
    site.pacing.plan("a1", 5000.0, is_renewable=False)
    site.pacing.plan("a2", None, is_renewable=False)
    site.stop()
    assert site.pacing.waiting == 1
    site.is_up = True
    site.run(site.now + 60.0)
    assert [account for _, account in site.sent] == ["a0"]
    site.run(5001.0)
    assert (5000.0, "a1") in [(round(at), account) for at, account in site.sent]


def test_a_refresh_that_is_due_is_a_probe_when_nothing_else_is_there() -> None:
    site = settled(2)
    pacing, now = site.pacing, site.now
    for number in range(2):
        pacing.plan(f"a{number}", now + 50.0, is_renewable=False)
    pacing.lost(now)
    assert pacing.waiting == 0
    assert pacing.get_timer() == now + 50.0
    assert pacing.take(now + 50.0) == ("a0",)
    pacing.plan("a0", None)
    assert pacing.take(now + 50.0) == ("a1",), "who was taken and did not send is nobody's probe"


def test_due_refreshes_wait_as_all_do_and_leave_once() -> None:
    site = settled(4)
    pacing, now = site.pacing, site.now
    pacing.plan("a1", now)
    pacing.plan("a2", now, is_renewable=False)
    pacing._free_at = now + 1.0
    assert pacing.take(now) == ()
    pacing.lost(now)
    pacing.plan("a1", now)
    assert pacing.waiting == 3
    site.is_up = True
    site.run(now + 60.0)
    assert sorted(account for at, account in site.sent if at >= now) == ["a0", "a1", "a2", "a3"]


def test_a_refresh_that_falls_due_during_an_outage_is_no_second_register() -> None:
    site = settled(3)
    pacing, now = site.pacing, site.now
    pacing.plan("a1", now + 5.0)
    pacing.lost(now)
    (probe,) = pacing.take(now + 10.0)
    assert pacing.waiting == 2
    pacing.answered(probe, now + 10.0)
    site.now = now + 10.0
    site.sent.clear()
    site.run(now + 60.0)
    assert sorted([probe, *(account for _, account in site.sent)]) == ["a0", "a1", "a2"]


def test_a_late_timer_makes_no_burst() -> None:
    site = Site(100)
    pacing = site.pacing
    (first,) = pacing.take(0.0)
    pacing.answered(first, 0.0)
    assert len(pacing.take(10.0)) <= 2
    assert len(pacing.take(10.0)) == 0


def test_no_account_no_timer() -> None:
    pacing = Pacing(SeededIds(Random(1)))
    assert (pacing.get_timer(), pacing.take(0.0)) == (None, ())
    pacing.add("a")
    pacing.sent("a", 0.0)
    pacing.answered("a", 0.0)
    assert pacing.get_timer() is None
    pacing.plan("a", 9.0)
    pacing.plan("a", None)
    assert pacing.get_timer() is None


def test_who_is_dropped_is_not_sent_for() -> None:
    site = Site(3)
    pacing = site.pacing
    (probe,) = pacing.take(0.0)
    pacing.drop(probe)
    pacing.drop("a0")
    pacing.drop("nobody")
    (other,) = pacing.take(0.0)
    assert other == "a1"
    pacing.failed(other, 1.0)
    pacing.add(other)
    assert pacing.waiting == 1
    pacing.drop(other)
    assert (pacing.waiting, pacing.get_timer()) == (0, None)


def test_an_account_is_added_once() -> None:
    site = settled(2)
    site.pacing.add("a1")
    site.pacing.add("a1")
    assert site.pacing.waiting == 1
    site.pacing.plan("a1", 999.0)
    site.sent.clear()
    site.run(site.now + 5.0)
    assert [account for _, account in site.sent] == ["a1"]


def test_its_own_patience_can_be_set() -> None:
    pacing = Pacing(SeededIds(Random(1)), Pace(rate=1.0), Probe(base=1.0, most=2.0))
    pacing.add("a")
    now = 0.0
    for _ in range(9):
        assert pacing.take(now) == ("a",)
        pacing.failed("a", now)
        timer = pacing.get_timer()
        assert timer is not None
        assert timer - now <= 2.0
        now = timer


# ---- large, and in any order


def test_an_outage_of_ten_thousand_accounts_costs_no_look_at_all_of_them() -> None:
    large, small = settled(10_000), settled(100)
    costs = []
    for site in (small, large):
        best = float("inf")
        for _ in range(20):
            before = perf_counter()
            site.pacing.lost(site.now)
            best = min(best, perf_counter() - before)
        costs.append(best)
    assert costs[1] < 20 * costs[0] + 0.0001


@settings(max_examples=100)
@given(
    st.lists(st.tuples(st.sampled_from(["take", "answer", "fail", "busy", "lost", "heard", "plan"]), st.integers(0, 5)))
)
def test_whatever_happens_no_account_is_forgotten(events: list[tuple[str, int]]) -> None:
    pacing = Pacing(SeededIds(Random(3)))
    names = [f"a{number}" for number in range(6)]
    for name in names:
        pacing.add(name)
    under_way: list[str] = []
    outcomes: dict[str, Callable[[str, float], None]] = {
        "answer": pacing.answered,
        "fail": pacing.failed,
        "busy": lambda account, now: pacing.busy(account, now, 5.0),
        "plan": pacing.plan,
    }
    now = 0.0
    for now, (event, number) in zip(count(1.0, 7.0), events, strict=False):
        if event == "take":
            under_way += pacing.take(now)
        elif event == "lost":
            pacing.lost(now)
        elif event == "heard":
            pacing.heard(now)
        elif under_way:
            account = under_way.pop(number % len(under_way))
            outcomes[event](account, now)
            pacing.plan(account, now + 30.0)
    for account in under_way:
        pacing.answered(account, now)
        pacing.plan(account, now + 30.0)
    seen: set[str] = set()
    for _ in range(200):
        timer = pacing.get_timer()
        if timer is None or seen == set(names):
            break
        now = max(now, timer)
        for account in pacing.take(now):
            seen.add(account)
            pacing.answered(account, now)
            pacing.plan(account, now + 30.0)
    assert seen == set(names)
