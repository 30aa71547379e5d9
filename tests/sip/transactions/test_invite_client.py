"""Claims about the INVITE client transaction: its schedule and its rows (RFC 3261 section 17.1.1, RFC 6026)."""

import pytest
from tests.sip.transactions.clockwork import run, shown

from ringwake.sip.transactions.invite_client import TABLE
from ringwake.sip.transactions.machine import Do, Machine, State, Trigger


def started(*, reliable: bool = False) -> Machine:
    """A machine whose INVITE was sent at 0."""
    machine = Machine(TABLE, State.CALLING, reliable=reliable)
    assert shown(machine.fire(Trigger.START, 0.0)) == [Do.SEND]
    return machine


def test_an_unanswered_invite_is_sent_seven_times_in_32_seconds() -> None:
    assert run(started()) == [(at, Do.RESEND) for at in (0.5, 1.5, 3.5, 7.5, 15.5, 31.5)] + [(32.0, Do.REPORT_TIMEOUT)]


def test_a_reliable_transport_needs_no_second_invite() -> None:
    assert run(started(reliable=True)) == [(32.0, Do.REPORT_TIMEOUT)]


@pytest.mark.parametrize("reliable", [True, False])
def test_a_provisional_response_stops_the_clock_for_good(reliable: bool) -> None:
    machine = started(reliable=reliable)
    assert shown(machine.fire(Trigger.PROVISIONAL, 1.0)) == [Do.PASS]
    assert machine.get_timer() is None
    assert shown(machine.fire(Trigger.PROVISIONAL, 170.0)) == [Do.PASS]
    assert machine.get_timer() is None


@pytest.mark.parametrize("reliable", [True, False])
@pytest.mark.parametrize("provisional", [True, False])
def test_each_success_is_passed_up_for_32_seconds_and_none_is_acknowledged(reliable: bool, provisional: bool) -> None:
    machine = started(reliable=reliable)
    if provisional:
        machine.fire(Trigger.PROVISIONAL, 0.1)
    assert shown(machine.fire(Trigger.SUCCESS, 1.0)) == [Do.PASS]
    assert shown(machine.fire(Trigger.SUCCESS, 1.5)) == [Do.PASS]
    for late in (Trigger.PROVISIONAL, Trigger.FAILURE, Trigger.BROKEN, Trigger.CANCEL):
        assert machine.fire(late, 2.0) == ()
    assert (machine.state, machine.get_timer()) == (State.ACCEPTED, 33.0)  # timer M, section 7.2 of RFC 6026
    assert run(machine) == []
    assert machine.state is State.TERMINATED


@pytest.mark.parametrize("provisional", [True, False])
def test_each_failure_is_acknowledged_and_the_first_passed_up(provisional: bool) -> None:
    machine = started()
    if provisional:
        machine.fire(Trigger.PROVISIONAL, 0.1)
    assert shown(machine.fire(Trigger.FAILURE, 1.0)) == [Do.ACK, Do.PASS]
    assert shown(machine.fire(Trigger.FAILURE, 20.0)) == [Do.ACK]
    assert machine.fire(Trigger.SUCCESS, 20.0) == ()
    assert machine.get_timer() == 33.0  # timer D, not put off by the second
    assert run(machine) == []
    assert machine.state is State.TERMINATED


def test_over_a_reliable_transport_a_failure_ends_it_at_once() -> None:
    machine = started(reliable=True)
    assert shown(machine.fire(Trigger.FAILURE, 1.0)) == [Do.ACK, Do.PASS]
    assert machine.state is State.TERMINATED


def test_a_cancel_waits_for_a_provisional_response() -> None:
    machine = started()
    assert machine.fire(Trigger.CANCEL, 0.2) == ()  # section 9.1
    machine.fire(Trigger.PROVISIONAL, 0.3)
    assert shown(machine.fire(Trigger.CANCEL, 0.3)) == [Do.CANCEL]


def test_a_cancelled_invite_without_a_final_response_ends_after_32_seconds() -> None:
    machine = started()
    machine.fire(Trigger.PROVISIONAL, 1.0)
    machine.fire(Trigger.CANCEL, 10.0)
    machine.fire(Trigger.PROVISIONAL, 30.0)
    assert run(machine) == [(42.0, Do.REPORT_TIMEOUT)]
    assert machine.state is State.TERMINATED


def test_a_cancelled_invite_still_hears_its_final_response() -> None:
    machine = started()
    machine.fire(Trigger.PROVISIONAL, 1.0)
    machine.fire(Trigger.CANCEL, 10.0)
    assert shown(machine.fire(Trigger.FAILURE, 11.0)) == [Do.ACK, Do.PASS]
    assert run(machine) == []


@pytest.mark.parametrize(
    ("before", "expected"),
    [([], [Do.REPORT_BROKEN]), ([Trigger.PROVISIONAL], [Do.REPORT_BROKEN]), ([Trigger.FAILURE], [])],
)
def test_a_broken_flow_ends_it_and_is_told_while_somebody_waits(before: list[Trigger], expected: list[Do]) -> None:
    machine = started()
    for trigger in before:
        machine.fire(trigger, 1.0)
    assert shown(machine.fire(Trigger.BROKEN, 2.0)) == expected
    assert (machine.state, machine.get_timer()) == (State.TERMINATED, None)
