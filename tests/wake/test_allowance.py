"""Claims about rolling windows: so many in any span of time, whenever it begins."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwake.wake.allowance import Allowance


def test_room_comes_back_when_the_oldest_is_old_enough() -> None:
    allowance = Allowance(most=2, seconds=60.0)
    allowance.use("a", 0.0)
    assert allowance.free_at("a", 10.0) == 10.0
    allowance.use("a", 10.0)
    assert [allowance.free_at("a", at) for at in (10.0, 59.9, 60.0)] == [60.0, 60.0, 60.0]
    allowance.use("a", 60.0)
    assert allowance.free_at("a", 60.0) == 70.0


def test_keys_have_nothing_to_do_with_each_other() -> None:
    allowance = Allowance(most=1, seconds=60.0)
    allowance.use("a", 0.0)
    assert allowance.free_at("b", 0.0) == 0.0


@pytest.mark.parametrize(("most", "used", "free_at"), [(4, 1, 5.0), (4, 2, 60.0), (4, 3, 61.0), (1, 0, 5.0)])
def test_a_share_leaves_the_rest_to_others_but_is_one_at_least(most: int, used: int, free_at: float) -> None:
    allowance = Allowance(most=most, seconds=60.0)
    for at in range(used):
        allowance.use("a", float(at))
    assert allowance.free_at("a", 5.0, share=0.5) == free_at


def test_what_is_given_back_no_longer_counts() -> None:
    allowance = Allowance(most=2, seconds=60.0)
    for at in (0.0, 10.0):
        allowance.use("a", at)
    allowance.give_back("a", 5.0)
    allowance.give_back("b", 5.0)
    assert allowance.free_at("a", 11.0) == 60.0
    allowance.give_back("a", 0.0)
    assert allowance.free_at("a", 11.0) == 11.0
    allowance.give_back("a", 10.0)
    assert len(allowance) == 0


def test_nothing_is_kept_longer_than_it_counts() -> None:
    allowance = Allowance(most=1, seconds=60.0)
    allowance.use("a", 0.0)
    allowance.use("b", 30.0)
    allowance.sweep(60.0)
    assert len(allowance) == 1
    assert allowance.free_at("b", 60.0) == 90.0


@given(most=st.integers(1, 5), pauses=st.lists(st.floats(0, 40), max_size=60))
@settings(derandomize=True, deadline=None)
def test_no_span_of_that_length_ever_holds_more(most: int, pauses: list[float]) -> None:
    allowance, now, used = Allowance(most=most, seconds=60.0), 0.0, list[float]()
    for pause in pauses:
        now += pause
        if allowance.free_at("a", now) <= now:
            allowance.use("a", now)
            used.append(now)
    for first in used:
        assert sum(first <= at < first + 60.0 for at in used) <= most
