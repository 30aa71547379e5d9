"""Claims about single flight: one outstanding wake per phone, shared by all that waits for it."""

from __future__ import annotations

import pytest
from tests.wake.phones import android, iphone, target

from ringwake.model.push import Kind
from ringwake.wake.budget import Budget

CALL, MESSAGE, REFRESH = Kind.CALL, Kind.MESSAGE, Kind.REFRESH
PHONE = iphone()


@pytest.mark.parametrize(
    ("under_way", "wanted", "is_pushed"),
    [
        # A call must ring, so only another call's push will do; anything wakes a phone for a message or a refresh.
        (CALL, CALL, False),
        (CALL, MESSAGE, False),
        (CALL, REFRESH, False),
        (MESSAGE, CALL, True),
        (MESSAGE, MESSAGE, False),
        (MESSAGE, REFRESH, False),
        (REFRESH, CALL, True),
        (REFRESH, MESSAGE, True),
        (REFRESH, REFRESH, False),
    ],
)
def test_a_wake_under_way_does_for_what_it_covers(under_way: Kind, wanted: Kind, is_pushed: bool) -> None:
    budget = Budget(window=20.0)
    assert budget.take(PHONE, under_way, "first", 0.0)
    assert budget.take(PHONE, wanted, "second", 19.9) is is_pushed
    assert budget.take(PHONE, wanted, "third", 19.9) is False, "two are certainly too many"


@pytest.mark.parametrize("kind", [CALL, MESSAGE, REFRESH])
def test_its_owner_may_try_again(kind: Kind) -> None:
    budget = Budget(window=20.0)
    assert [budget.take(PHONE, kind, "mine", at) for at in (0.0, 0.2, 0.7)] == [True] * 3


def test_a_wake_that_nobody_ended_is_over_after_the_window() -> None:
    budget = Budget(window=20.0)
    assert budget.take(PHONE, CALL, "first", 0.0)
    assert [budget.take(PHONE, CALL, "second", at) for at in (19.99, 20.0)] == [False, True]


def test_a_retry_begins_the_window_anew() -> None:
    budget = Budget(window=20.0)
    assert [budget.take(PHONE, CALL, "first", at) for at in (0.0, 15.0)] == [True, True]
    assert not budget.take(PHONE, CALL, "second", 34.9)


def test_a_phone_that_registered_may_be_woken_again() -> None:
    budget = Budget(window=20.0)
    for kind in (CALL, MESSAGE, REFRESH):
        budget.take(PHONE, kind, "first", 0.0)
    budget.woke(PHONE)
    assert len(budget) == 0
    budget.woke(PHONE)
    assert budget.take(PHONE, CALL, "second", 0.1)


def test_a_push_that_did_not_get_through_makes_room_for_others() -> None:
    budget = Budget(window=20.0)
    budget.take(PHONE, CALL, "first", 0.0)
    budget.give_back(PHONE, CALL, "second")
    budget.give_back(PHONE, MESSAGE, "first")
    assert not budget.take(PHONE, CALL, "second", 0.1), "only its owner gives a wake back"
    budget.give_back(PHONE, CALL, "first")
    assert budget.take(PHONE, CALL, "second", 0.2)


def test_phones_do_not_share_but_all_bindings_of_one_phone_do() -> None:
    budget = Budget(window=20.0)
    assert budget.take(PHONE, CALL, "first", 0.0)
    assert budget.take(android(), CALL, "second", 0.0)
    same_phone = target(PHONE.app, remote="remote-of-i", voip="voip-of-i")  # another account of it
    assert not budget.take(same_phone, CALL, "second", 0.0)


def test_what_is_over_is_swept_away() -> None:
    budget = Budget(window=20.0)
    budget.take(PHONE, CALL, "first", 0.0)
    budget.take(android(), CALL, "second", 5.0)
    budget.sweep(20.0)
    assert len(budget) == 1
    assert not budget.take(android(), CALL, "third", 20.0)
