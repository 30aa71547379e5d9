"""When each key is next due."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ringwake.store import agenda
from ringwake.store.agenda import Agenda


def drain(known: Agenda, until: float = 1e9) -> list[tuple[float, str]]:
    popped = []
    while (entry := known.pop(until)) is not None:
        popped.append(entry)
    return popped


def test_the_earliest_comes_first_and_ties_go_by_key() -> None:
    known = Agenda()
    for key, at in (("b", 2.0), ("c", 1.0), ("a", 2.0)):
        known.note(key, at)
    assert drain(known) == [(1.0, "c"), (2.0, "a"), (2.0, "b")]


def test_what_is_not_due_stays() -> None:
    known = Agenda()
    known.note("a", 5.0)
    assert known.pop(4.9) is None
    assert known.pop(5.0) == (5.0, "a")
    assert known.pop(9.0) is None


def test_an_earlier_time_counts_and_a_later_one_does_not() -> None:
    known = Agenda()
    known.note("a", 5.0)
    known.note("a", 9.0)
    known.note("a", 2.0)
    assert drain(known) == [(2.0, "a")]


def test_what_is_forgotten_does_not_come() -> None:
    known = Agenda()
    known.note("a", 1.0)
    known.forget("a")
    known.forget("never noted")
    assert drain(known) == []
    known.note("a", 1.0)
    assert drain(known) == [(1.0, "a")]


def test_the_heap_does_not_keep_its_dead() -> None:
    known = Agenda()
    known.note("stays", 7.0)
    for number in range(10 * agenda._SLACK):
        known.note(f"{number}", 100.0)
        known.forget(f"{number}")
    assert len(known._heap) <= 2 * len(known._at) + agenda._SLACK + 1
    assert drain(known) == [(7.0, "stays")]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 9)), max_size=30), st.integers(0, 9))
def test_each_key_comes_once_at_its_earliest_time(notes: list[tuple[str, int]], until: int) -> None:
    known = Agenda()
    earliest: dict[str, float] = {}
    for key, at in notes:
        known.note(key, at)
        earliest[key] = min(at, earliest.get(key, at))
    expected = sorted((at, key) for key, at in earliest.items())
    assert drain(known, until) == [entry for entry in expected if entry[0] <= until]
    assert drain(known) == [entry for entry in expected if entry[0] > until]
