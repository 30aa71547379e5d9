"""What a binding remembers of the wakes of its phone."""

from __future__ import annotations

from typing import get_type_hints

from ringwake.model.push import Kind
from ringwake.model.wakes import NEVER, WAKING, Wake, Wakes


def test_wakes_are_counted_by_their_reason_and_the_last_one_is_known() -> None:
    known = NEVER.after([Wake(1.0, Kind.CALL), Wake(2.0, Kind.REFRESH)]).after([Wake(3.0, Kind.CALL)])
    assert known == Wakes(3.0, Kind.CALL, call=2, refresh=1)
    assert known.by_reason() == {"call": 2, "refresh": 1}
    assert NEVER.by_reason() == {}


def test_each_kind_that_wakes_has_its_own_count() -> None:
    assert set(get_type_hints(Wakes)) - {"at", "why"} == {kind.value for kind in WAKING}
    for kind in WAKING:
        assert NEVER.after([Wake(1.0, kind)]).by_reason() == {kind.value: 1}


def test_the_last_wake_is_the_last_in_time_whatever_the_order_in_which_they_are_told() -> None:
    known = NEVER.after([Wake(2.0, Kind.MESSAGE), Wake(1.0, Kind.CALL)])
    assert (known.at, known.why) == (2.0, Kind.MESSAGE)


def test_a_wake_that_is_told_twice_is_counted_once() -> None:
    wakes = [Wake(1.0, Kind.CALL), Wake(2.0, Kind.WAKE)]
    known = NEVER.after(wakes)
    assert known.after(wakes) is known
    assert known.after([*wakes, Wake(3.0, Kind.WAKE)]) == Wakes(3.0, Kind.WAKE, call=1, wake=2)
