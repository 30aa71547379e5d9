"""Claims about the timer values and the queue of deadlines."""

from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.timers import T1, T2, T4, TIMEOUT, Deadlines


def test_values_are_those_of_the_rfc() -> None:
    assert (T1, T2, T4, TIMEOUT) == (0.5, 4.0, 5.0, 32.0)  # RFC 3261 table 4


def test_the_earliest_deadline_comes_first() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for key, at in (("late", 3.0), ("early", 1.0), ("middle", 2.0)):
        deadlines.set(key, at)
    assert deadlines.first() == 1.0
    assert [deadlines.pop_due(9.0) for _ in range(4)] == ["early", "middle", "late", None]
    assert deadlines.first() is None


def test_equal_deadlines_come_in_the_order_they_were_set() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for key in "cab":
        deadlines.set(key, 1.0)
    assert [deadlines.pop_due(1.0) for _ in range(3)] == ["c", "a", "b"]


def test_nothing_is_due_before_its_time() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("a", 1.0)
    assert deadlines.pop_due(0.999) is None
    assert deadlines.pop_due(1.0) == "a"


def test_a_moved_or_dropped_deadline_does_not_fire() -> None:
    deadlines: Deadlines[str] = Deadlines()
    deadlines.set("moved", 1.0)
    deadlines.set("moved", 5.0)
    deadlines.set("dropped", 1.0)
    deadlines.drop("dropped")
    deadlines.drop("never there")
    assert deadlines.pop_due(1.0) is None
    assert len(deadlines) == 1
    assert deadlines.first() == 5.0


def test_a_retransmission_flood_hoards_no_entries() -> None:
    deadlines: Deadlines[str] = Deadlines()
    for serial in range(10_000):
        deadlines.set("same time", 32.0)
        deadlines.set("new time", 32.0 + serial)
    assert len(deadlines._heap) < 100


def test_many_dropped_deadlines_leave_no_entries() -> None:
    deadlines: Deadlines[int] = Deadlines()
    for key in range(1000):
        deadlines.set(key, 1000.0 - key)
    for key in range(990):
        deadlines.drop(key)
    assert len(deadlines._heap) < 100
    assert [deadlines.pop_due(99.0) for _ in range(11)] == [*range(999, 989, -1), None]


_KEYS = st.sampled_from("abc")
_TIMES = st.integers(0, 9).map(float)
_STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("set"), _KEYS, _TIMES),
        st.tuples(st.just("drop"), _KEYS, _TIMES),
        st.tuples(st.just("pop"), _KEYS, _TIMES),
    ),
    max_size=60,
)


@given(_STEPS)
def test_the_queue_does_what_a_sorted_table_does(steps: list[tuple[str, str, float]]) -> None:
    deadlines: Deadlines[str] = Deadlines()
    table: dict[str, float] = {}
    for step, key, at in steps:
        if step == "set":
            deadlines.set(key, at)
            table[key] = at
        elif step == "drop":
            deadlines.drop(key)
            table.pop(key, None)
        else:
            popped = deadlines.pop_due(at)
            earliest = min(table.values(), default=None)
            assert (popped is None) == (earliest is None or earliest > at)
            if popped is not None:
                assert table.pop(popped) == earliest
        assert deadlines.first() == min(table.values(), default=None)
        assert len(deadlines) == len(table)
