"""Claims about the runner of the transaction machines."""

from itertools import pairwise, product

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.sip.transactions.clockwork import shown

from ringwake.sip.transactions import invite_client, invite_server, non_invite_client, non_invite_server
from ringwake.sip.transactions.machine import Do, Machine, State, Table, Timer, Trigger, trigger_of

TABLES = {
    "invite client": (invite_client.TABLE, State.CALLING),
    "non-invite client": (non_invite_client.TABLE, State.TRYING),
    "invite server": (invite_server.TABLE, State.PROCEEDING),
    "non-invite server": (non_invite_server.TABLE, State.TRYING),
}
STARTS = {Do[f"START_{timer.name}"]: timer for timer in Timer}
TRIGGERS: list[Trigger | Timer] = [*Trigger, *Timer]


@pytest.fixture(params=list(TABLES.values()), ids=list(TABLES))
def table_and_start(request: pytest.FixtureRequest) -> tuple[Table, State]:
    table, start = request.param
    return table, start


@pytest.mark.parametrize("reliable", [True, False])
def test_every_trigger_in_every_state_is_absorbed_or_leads_on(
    table_and_start: tuple[Table, State], reliable: bool
) -> None:
    table, start = table_and_start
    for state, trigger in product(State, TRIGGERS):
        machine = Machine(table, start, reliable=reliable)
        machine.state = state
        actions = machine.fire(trigger, 10.0)
        assert machine.state in State
        if (state, trigger) not in table:
            assert (actions, machine.state, machine.get_timer()) == ((), state, None)
        else:
            assert actions[: len(table[state, trigger][1])] == table[state, trigger][1]


def test_every_state_is_reached_and_every_timer_started(table_and_start: tuple[Table, State]) -> None:
    table, start = table_and_start
    reached = {start} | {state for state, _ in table.values()}
    assert {state for state, _ in table} | {State.TERMINATED} == reached
    started = {STARTS[action] for _, actions in table.values() for action in actions if action in STARTS}
    assert started == {trigger for _, trigger in table if isinstance(trigger, Timer)}


def test_nothing_happens_after_the_end(table_and_start: tuple[Table, State]) -> None:
    assert not any(state is State.TERMINATED for state, _ in table_and_start[0])


def test_what_ends_a_machine_stops_its_timers(table_and_start: tuple[Table, State]) -> None:
    for state, actions in table_and_start[0].values():
        assert (state is State.TERMINATED) <= (Do.STOP in actions)


_STEPS = st.lists(st.one_of(st.sampled_from(list(Trigger)), st.floats(0.0, 40.0)), max_size=30)


@given(st.sampled_from(list(TABLES.values())), st.booleans(), _STEPS)
def test_whatever_happens_a_machine_keeps_time(
    table_and_start: tuple[Table, State], reliable: bool, steps: list[Trigger | float]
) -> None:
    table, state = table_and_start
    machine = Machine(table, state, reliable=reliable)
    now = 100.0
    for step in steps:
        if isinstance(step, Trigger):
            machine.fire(step, now)
        else:
            now += step
            while (at := machine.get_timer()) is not None and at <= now:
                machine.handle_timer(now)
        at = machine.get_timer()
        assert at is None or now < at <= now + 32.0
        assert machine.state is not State.TERMINATED or at is None
        assert not reliable or machine.resend_at is None


def test_a_machine_without_timers_wants_no_call() -> None:
    machine = Machine(invite_server.TABLE, State.PROCEEDING, reliable=False)
    assert machine.get_timer() is None
    assert machine.handle_timer(99.0) == ()


def test_an_early_call_fires_nothing() -> None:
    machine = Machine(invite_client.TABLE, State.CALLING, reliable=False)
    machine.fire(Trigger.START, 0.0)
    assert machine.handle_timer(0.499) == ()
    assert shown(machine.handle_timer(0.5)) == [Do.RESEND]


def test_a_late_call_sends_once_and_waits_on_from_there() -> None:
    machine = Machine(invite_client.TABLE, State.CALLING, reliable=False)
    machine.fire(Trigger.START, 0.0)
    assert shown(machine.handle_timer(20.0)) == [Do.RESEND]
    assert machine.get_timer() == 21.0


@pytest.mark.parametrize(
    ("table", "state", "trigger", "intervals"),
    [
        (invite_client.TABLE, State.CALLING, Trigger.START, [0.5, 1.0, 2.0, 4.0, 8.0, 16.0]),
        (non_invite_client.TABLE, State.TRYING, Trigger.START, [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]),
        (invite_server.TABLE, State.PROCEEDING, Trigger.FAILURE, [0.5, 1.0, 2.0, 4.0, 4.0, 4.0]),
    ],
)
def test_intervals_double_and_only_those_of_an_invite_without_limit(
    table: Table, state: State, trigger: Trigger, intervals: list[float]
) -> None:
    machine = Machine(table, state, reliable=False)
    machine.fire(trigger, 0.0)
    times = [0.0]
    for _ in intervals:
        assert machine.resend_at is not None
        times.append(machine.resend_at)
        machine.handle_timer(times[-1])
    assert [later - sooner for sooner, later in pairwise(times)] == intervals


def test_the_end_is_asked_for_when_the_next_try_would_come_later() -> None:
    machine = Machine(invite_client.TABLE, State.CALLING, reliable=False)
    machine.fire(Trigger.START, 0.0)
    assert shown(machine.handle_timer(31.5)) == [Do.RESEND]
    assert (machine.resend_at, machine.get_timer()) == (32.5, 32.0)


def test_the_end_comes_before_one_more_try() -> None:
    machine = Machine(non_invite_client.TABLE, State.TRYING, reliable=False)
    machine.fire(Trigger.START, 0.0)
    assert shown(machine.handle_timer(32.0)) == [Do.REPORT_TIMEOUT]
    assert machine.state is State.TERMINATED


def test_a_wait_of_zero_is_over_at_once() -> None:
    machine = Machine(non_invite_client.TABLE, State.TRYING, reliable=True)
    machine.fire(Trigger.START, 0.0)
    assert shown(machine.fire(Trigger.SUCCESS, 1.0)) == [Do.PASS]
    assert machine.state is State.TERMINATED
    assert machine.get_timer() is None


def test_what_comes_after_the_deadline_and_before_its_call_is_still_heard() -> None:
    machine = Machine(non_invite_server.TABLE, State.TRYING, reliable=False)
    machine.fire(Trigger.SUCCESS, 0.0)
    assert shown(machine.fire(Trigger.REQUEST, 40.0)) == [Do.RESEND]
    assert machine.state is State.TERMINATED


@pytest.mark.parametrize(
    ("status", "trigger"),
    [
        (100, Trigger.PROVISIONAL),
        (199, Trigger.PROVISIONAL),
        (200, Trigger.SUCCESS),
        (299, Trigger.SUCCESS),
        (300, Trigger.FAILURE),
        (699, Trigger.FAILURE),
    ],
)
def test_a_status_is_one_of_three_triggers(status: int, trigger: Trigger) -> None:
    assert trigger_of(status) is trigger
