"""Claims about the non-INVITE client transaction (RFC 3261 section 17.1.2)."""

import pytest
from tests.sip.transactions.clockwork import run, shown

from ringwake.sip.transactions.machine import Do, Machine, State, Trigger
from ringwake.sip.transactions.non_invite_client import TABLE

TIMEOUT = (32.0, Do.REPORT_TIMEOUT)


def started(*, reliable: bool = False) -> Machine:
    """A machine whose request was sent at 0."""
    machine = Machine(TABLE, State.TRYING, reliable=reliable)
    assert shown(machine.fire(Trigger.START, 0.0)) == [Do.SEND]
    return machine


def test_the_interval_doubles_up_to_t2() -> None:
    times = (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)
    assert run(started()) == [*((at, Do.RESEND) for at in times), TIMEOUT]


def test_a_reliable_transport_needs_no_second_request() -> None:
    assert run(started(reliable=True)) == [TIMEOUT]


def test_after_a_provisional_response_it_goes_on_at_t2() -> None:
    machine = started()
    machine.handle_timer(0.5)
    assert shown(machine.fire(Trigger.PROVISIONAL, 0.6)) == [Do.PASS]
    assert shown(machine.fire(Trigger.PROVISIONAL, 0.7)) == [Do.PASS]
    assert machine.state is State.PROCEEDING
    times = (1.5, 5.5, 9.5, 13.5, 17.5, 21.5, 25.5, 29.5)
    assert run(machine) == [*((at, Do.RESEND) for at in times), TIMEOUT]


@pytest.mark.parametrize("final", [Trigger.SUCCESS, Trigger.FAILURE])
@pytest.mark.parametrize("provisional", [True, False])
def test_the_final_response_is_passed_up_once_and_its_repeats_absorbed_for_t4(
    final: Trigger, provisional: bool
) -> None:
    machine = started()
    if provisional:
        machine.fire(Trigger.PROVISIONAL, 0.1)
    assert shown(machine.fire(final, 1.0)) == [Do.PASS]
    for late in Trigger:
        assert machine.fire(late, 2.0) == ()
    assert (machine.state, machine.get_timer()) == (State.COMPLETED, 6.0)  # timer K
    assert run(machine) == []
    assert machine.state is State.TERMINATED


@pytest.mark.parametrize("provisional", [True, False])
def test_over_a_reliable_transport_the_final_response_ends_it(provisional: bool) -> None:
    machine = started(reliable=True)
    if provisional:
        machine.fire(Trigger.PROVISIONAL, 0.1)
    machine.fire(Trigger.FAILURE, 1.0)
    assert (machine.state, machine.get_timer()) == (State.TERMINATED, None)


@pytest.mark.parametrize("provisional", [True, False])
def test_a_broken_flow_is_told(provisional: bool) -> None:
    machine = started()
    if provisional:
        machine.fire(Trigger.PROVISIONAL, 0.1)
    assert shown(machine.fire(Trigger.BROKEN, 1.0)) == [Do.REPORT_BROKEN]
    assert (machine.state, machine.get_timer()) == (State.TERMINATED, None)
