"""Claims about the states of a registration at a PBX."""

from __future__ import annotations

from ringwake.ua.upstream_table import TABLE, State, Trigger

OUTCOMES = (Trigger.GRANTED, Trigger.CHALLENGED, Trigger.REFUSED, Trigger.UNAVAILABLE)
ASKING = (State.REGISTERING, State.REFRESHING, State.LEAVING)


def test_an_outcome_leads_on_exactly_where_one_is_waited_for() -> None:
    for state in State:
        for outcome in OUTCOMES:
            assert ((state, outcome) in TABLE) == (state in ASKING), (state, outcome)


def test_a_register_may_leave_in_every_state_that_is_not_waiting_for_one_already() -> None:
    for state in State:
        follows = TABLE.get((state, Trigger.ASK), state)
        assert follows in (State.REGISTERING, State.REFRESHING)


def test_one_can_leave_from_everywhere() -> None:
    for state in State:
        assert TABLE.get((state, Trigger.LEAVE), state) is State.LEAVING


def test_no_row_does_nothing() -> None:
    assert all(state is not follows for (state, _), follows in TABLE.items())


def test_every_state_is_reached() -> None:
    assert set(TABLE.values()) == set(State)
