"""Parked calls."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from tests.store.samples import ALICE, BOB, NOW, call

from ringwake.store.calls import LONGEST_SECONDS, Calls
from ringwake.store.changes import Changes
from ringwake.store.rows import row


def parked(*numbers: int) -> Calls:
    calls = Calls()
    for number in numbers:
        calls.park(Changes(), call(number))
    return calls


def test_a_parked_call_is_found_until_it_is_finished() -> None:
    calls, changes = Calls(), Changes()
    calls.park(changes, call(1))
    assert (calls.get("call1"), calls.at(ALICE, NOW), calls.everywhere()) == (call(1), (call(1),), (call(1),))
    assert calls.at(BOB, NOW) == ()
    calls.finish(changes, call(1))
    assert (calls.get("call1"), calls.at(ALICE, NOW), calls.everywhere()) == (None, (), ())
    assert calls._by_aor == {}
    assert changes.rows == [row(None, call(1)), row(call(1), None)]


def test_one_that_comes_again_is_the_first_one() -> None:
    calls, changes = parked(1), Changes()
    calls.park(changes, replace(call(1), invite=b"again"))
    assert (calls.get("call1"), changes.rows) == (call(1), [])


def test_they_come_oldest_first() -> None:
    calls = Calls()
    for record in (call(3, at=NOW + 1), call(2), call(1, at=NOW + 2), call(4), call(5, aor=BOB)):
        calls.park(Changes(), record)
    assert [record.id for record in calls.at(ALICE, NOW)] == ["call2", "call4", "call3", "call1"]
    assert [record.id for record in calls.everywhere()] == ["call2", "call4", "call5", "call3", "call1"]


def test_those_that_wait_no_more_are_not_handed_out() -> None:
    assert parked(1).at(ALICE, NOW + 19.9) == (call(1),)
    assert parked(1).at(ALICE, NOW + 20) == ()
    assert parked(1).everywhere() == (call(1),)


def test_one_that_was_cancelled_is_handed_out_to_nobody() -> None:
    calls, changes = parked(1), Changes()
    calls.cancel(changes, call(1))
    cancelled = replace(call(1), is_cancelled=True)
    assert (calls.at(ALICE, NOW), calls.everywhere()) == ((), (cancelled,))
    calls.cancel(changes, cancelled)
    assert changes.rows == [row(call(1), cancelled)]


def test_a_binding_is_invited_once() -> None:
    calls, changes = parked(1), Changes()
    calls.invite(changes, call(1), ["a1", "a2", "a1"])
    invited = replace(call(1), invited=("a1", "a2"))
    assert calls.get("call1") == invited
    calls.invite(changes, invited, ["a2", "a3"])
    assert calls.at(ALICE, NOW) == (replace(call(1), invited=("a1", "a2", "a3")),)
    before = list(changes.rows)
    calls.invite(changes, replace(call(1), invited=("a1",)), ["a1"])
    assert changes.rows == before


def test_what_a_phone_has_said_first_stands() -> None:
    calls, changes = parked(1), Changes()
    calls.decline(changes, call(1), "a1", 486)
    declined = replace(call(1), refusals=(("a1", 486),))
    assert calls.get("call1") == declined
    calls.decline(changes, declined, "a1", 603)
    assert changes.rows == [row(call(1), declined)]


def test_the_way_back() -> None:
    calls = parked(1, 2)
    steps: list[Callable[[Changes], None]] = [
        lambda changes: calls.park(changes, call(3)),
        lambda changes: calls.invite(changes, call(1), ["a1"]),
        lambda changes: calls.decline(changes, call(1), "a1", 486),
        lambda changes: calls.finish(changes, call(1)),
    ]
    for change in steps:
        changes = Changes()
        change(changes)
        assert calls.everywhere() != (call(1), call(2))
        changes.undo()
        assert calls.everywhere() == calls.at(ALICE, NOW) == (call(1), call(2))


def test_load_adds() -> None:
    calls = Calls()
    calls.load(call(1))
    assert calls.at(ALICE, NOW) == (call(1),)


def test_one_whose_end_could_not_be_written_is_removed_when_nobody_can_wait_for_it_any_more() -> None:
    calls, changes = Calls(), Changes()
    for record in (call(1, at=NOW + 1), call(2), call(3, at=NOW + 2)):
        calls.park(Changes(), record)
    calls.finish(Changes(), call(3, at=NOW + 2))
    over = NOW + LONGEST_SECONDS
    assert not calls.remove_expired(changes, over - 0.1)
    assert [calls.remove_expired(changes, over + 1) for _ in range(3)] == [True, True, False]
    assert changes.rows == [row(call(2), None), row(call(1, at=NOW + 1), None)]
    changes.undo()
    assert [record.id for record in calls.everywhere()] == ["call2", "call1"]
    assert calls.remove_expired(Changes(), over + 1)
