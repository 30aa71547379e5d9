"""Claims about rates: close to the limit over time, and in constant room."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.wake.rate import Rate


def let_through(rate: Rate, times: list[float], share: float = 1.0) -> list[float]:
    through = []
    for now in times:
        if rate.free_at("k", now, share=share) <= now:
            rate.use("k", now)
            through.append(now)
    return through


def test_so_many_go_through_at_once_and_then_none() -> None:
    rate = Rate(most=3)
    assert let_through(rate, [5.0] * 9) == [5.0] * 3
    assert rate.free_at("another", 5.0) == 5.0


def test_over_time_it_is_the_limit() -> None:
    rate = Rate(most=60)
    through = let_through(rate, [number / 10 for number in range(6000)])
    assert 10 * 60 * 0.9 <= len(through) <= 11 * 60


def test_who_may_use_half_leaves_half() -> None:
    rate = Rate(most=10)
    assert len(let_through(rate, [0.0] * 20, share=0.5)) == 5
    assert len(let_through(rate, [0.0] * 20)) == 5
    assert let_through(Rate(most=1), [0.0], share=0.5) == [0.0], "one at least"


@given(
    most=st.integers(1, 20),
    times=st.lists(st.floats(0, 600), max_size=120).map(sorted),
    share=st.sampled_from([0.5, 1.0]),
)
def test_no_minute_has_more_than_twice_the_limit_and_the_wait_is_true(
    most: int, times: list[float], share: float
) -> None:
    rate, through = Rate(most=most), []
    for now in times:
        free_at = rate.free_at("k", now, share=share)
        if free_at <= now:
            rate.use("k", now)
            through.append(now)
        else:
            assert free_at <= now + 120
            assert rate.free_at("k", free_at + 1e-6, share=share) <= free_at + 1e-6
    most_in_a_minute = max((sum(at <= later < at + 60 for later in through) for at in through), default=0)
    assert most_in_a_minute <= 2 * max(1, most * share)


@pytest.mark.parametrize(("at", "now"), [(10.0, 20.0), (50.0, 70.0)])
def test_what_is_given_back_does_not_count(at: float, now: float) -> None:
    rate = Rate(most=1)
    rate.use("k", at)
    assert rate.free_at("k", now) > now
    if now >= 60:
        rate.use("k", now)
        rate.give_back("k", now)
    rate.give_back("k", at)
    assert (rate.free_at("k", now), len(rate)) == (now, 0)


def test_what_no_longer_counts_is_not_given_back() -> None:
    rate = Rate(most=2)
    rate.give_back("k", 0.0)
    rate.use("k", 0.0)
    rate.use("k", 130.0)
    rate.use("k", 130.0)
    rate.give_back("k", 0.0)
    assert rate.free_at("k", 130.0) > 130.0


def test_nothing_is_remembered_longer_than_two_minutes() -> None:
    rate = Rate(most=5)
    rate.use("k", 10.0)
    rate.sweep(119.0)
    assert len(rate) == 1
    rate.sweep(120.0)
    assert len(rate) == 0
