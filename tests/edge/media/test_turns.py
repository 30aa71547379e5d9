"""The line of one call."""

from __future__ import annotations

import pytest

from ringwake.edge.media.turns import Turns


def test_what_is_ready_waits_for_what_came_before() -> None:
    turns, done = Turns(), list[int]()
    first, second, third = turns.take(), turns.take(), turns.take()
    turns.settle(second, lambda: done.append(2))
    turns.settle(third, lambda: done.append(3))
    assert done == []
    assert not turns.is_free
    turns.settle(first, lambda: done.append(1))
    assert done == [1, 2, 3]
    assert turns.is_free


def test_what_a_turn_brings_about_comes_after_all_that_waits() -> None:
    turns, done = Turns(), list[int]()
    first, second = turns.take(), turns.take()

    def run() -> None:
        turns.settle(turns.take(), lambda: done.append(3))
        done.append(1)

    turns.settle(second, lambda: done.append(2))
    turns.settle(first, run)
    assert done == [1, 2, 3]


def test_a_turn_that_fails_does_not_stop_the_line_for_good() -> None:
    turns, done = Turns(), list[int]()
    first, second = turns.take(), turns.take()

    def run() -> None:
        raise LookupError

    with pytest.raises(LookupError):
        turns.settle(first, run)
    turns.settle(second, lambda: done.append(2))
    assert done == [2]
