"""Claims about the INVITE server transaction (RFC 3261 section 17.2.1, RFC 6026)."""

import pytest
from tests.sip.transactions.clockwork import run, shown

from ringwake.sip.transactions.invite_server import TABLE
from ringwake.sip.transactions.machine import Do, Machine, State, Trigger


def begun(*, reliable: bool = False) -> Machine:
    """A machine whose INVITE has come at 0."""
    return Machine(TABLE, State.PROCEEDING, reliable=reliable)


def test_it_waits_for_its_user_and_sends_no_100_of_its_own() -> None:
    machine = begun()
    assert machine.get_timer() is None
    assert shown(machine.fire(Trigger.REQUEST, 1.0)) == [Do.RESEND]
    for _ in range(2):
        assert shown(machine.fire(Trigger.PROVISIONAL, 2.0)) == [Do.SEND]
    assert machine.fire(Trigger.ACK, 2.0) == ()
    assert (machine.state, machine.get_timer()) == (State.PROCEEDING, None)


def test_a_failure_is_sent_until_its_ack_comes_or_32_seconds_are_over() -> None:
    machine = begun()
    assert shown(machine.fire(Trigger.FAILURE, 0.0)) == [Do.SEND]
    times = (0.5, 1.5, 3.5, 7.5, 11.5, 15.5, 19.5, 23.5, 27.5, 31.5)
    assert run(machine) == [*((at, Do.RESEND) for at in times), (32.0, Do.REPORT_TIMEOUT)]
    assert machine.state is State.TERMINATED


def test_over_a_reliable_transport_a_failure_is_sent_once() -> None:
    machine = begun(reliable=True)
    machine.fire(Trigger.FAILURE, 0.0)
    assert run(machine) == [(32.0, Do.REPORT_TIMEOUT)]


def test_an_invite_that_comes_again_gets_the_failure_again() -> None:
    machine = begun()
    machine.fire(Trigger.FAILURE, 0.0)
    assert shown(machine.fire(Trigger.REQUEST, 0.2)) == [Do.RESEND]
    for late in (Trigger.PROVISIONAL, Trigger.SUCCESS, Trigger.FAILURE):
        assert machine.fire(late, 0.3) == ()
    assert (machine.state, machine.get_timer()) == (State.COMPLETED, 0.5)


def test_the_ack_stops_it_and_repeats_are_absorbed_for_t4() -> None:
    machine = begun()
    machine.fire(Trigger.FAILURE, 0.0)
    assert shown(machine.fire(Trigger.ACK, 1.0)) == []
    for late in Trigger:
        assert machine.fire(late, 2.0) == ()
    assert (machine.state, machine.get_timer()) == (State.CONFIRMED, 6.0)  # timer I
    assert run(machine) == []
    assert machine.state is State.TERMINATED


def test_over_a_reliable_transport_the_ack_ends_it() -> None:
    machine = begun(reliable=True)
    machine.fire(Trigger.FAILURE, 0.0)
    machine.fire(Trigger.ACK, 1.0)
    assert (machine.state, machine.get_timer()) == (State.TERMINATED, None)


@pytest.mark.parametrize("reliable", [True, False])
def test_after_a_success_invites_are_absorbed_and_acks_passed_up_for_32_seconds(reliable: bool) -> None:
    machine = begun(reliable=reliable)
    assert shown(machine.fire(Trigger.SUCCESS, 1.0)) == [Do.SEND]
    assert shown(machine.fire(Trigger.SUCCESS, 1.5)) == [Do.SEND]
    assert shown(machine.fire(Trigger.ACK, 2.0)) == [Do.PASS]
    assert shown(machine.fire(Trigger.ACK, 2.1)) == [Do.PASS]
    for late in (Trigger.REQUEST, Trigger.PROVISIONAL, Trigger.FAILURE, Trigger.BROKEN):
        assert machine.fire(late, 3.0) == ()
    assert (machine.state, machine.get_timer()) == (State.ACCEPTED, 33.0)  # timer L, section 7.1 of RFC 6026
    assert run(machine) == []
    assert machine.state is State.TERMINATED
