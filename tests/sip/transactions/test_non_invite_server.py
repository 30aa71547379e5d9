"""Claims about the non-INVITE server transaction (RFC 3261 section 17.2.2)."""

import pytest
from tests.sip.transactions.clockwork import run, shown

from ringwake.sip.transactions.machine import Do, Machine, State, Trigger
from ringwake.sip.transactions.non_invite_server import TABLE


def test_before_an_answer_repeats_are_absorbed() -> None:
    machine = Machine(TABLE, State.TRYING, reliable=False)
    assert machine.fire(Trigger.REQUEST, 1.0) == ()
    assert (machine.state, machine.get_timer()) == (State.TRYING, None)


@pytest.mark.parametrize("reliable", [True, False])
def test_what_is_not_answered_for_three_and_a_half_seconds_gets_100(reliable: bool) -> None:
    """RFC 4320 section 4.1: no earlier, and on any transport no later."""
    machine = Machine(TABLE, State.TRYING, reliable=reliable)
    assert shown(machine.fire(Trigger.START, 1.0)) == []
    assert run(machine) == [(4.5, Do.TRYING)]
    assert machine.state is State.PROCEEDING
    assert shown(machine.fire(Trigger.REQUEST, 5.0)) == [Do.RESEND]
    assert shown(machine.fire(Trigger.SUCCESS, 6.0)) == [Do.SEND]


@pytest.mark.parametrize("answer", [Trigger.PROVISIONAL, Trigger.SUCCESS, Trigger.FAILURE])
def test_what_is_answered_gets_no_100(answer: Trigger) -> None:
    machine = Machine(TABLE, State.TRYING, reliable=False)
    machine.fire(Trigger.START, 1.0)
    machine.fire(answer, 2.0)
    assert run(machine) == []


def test_a_repeat_gets_the_provisional_response_again() -> None:
    machine = Machine(TABLE, State.TRYING, reliable=False)
    assert shown(machine.fire(Trigger.PROVISIONAL, 1.0)) == [Do.SEND]
    assert shown(machine.fire(Trigger.PROVISIONAL, 2.0)) == [Do.SEND]
    assert shown(machine.fire(Trigger.REQUEST, 3.0)) == [Do.RESEND]
    assert (machine.state, machine.get_timer()) == (State.PROCEEDING, None)


@pytest.mark.parametrize("final", [Trigger.SUCCESS, Trigger.FAILURE])
@pytest.mark.parametrize("provisional", [True, False])
def test_the_one_final_response_is_kept_for_32_seconds(final: Trigger, provisional: bool) -> None:
    machine = Machine(TABLE, State.TRYING, reliable=False)
    if provisional:
        machine.fire(Trigger.PROVISIONAL, 0.5)
    assert shown(machine.fire(final, 1.0)) == [Do.SEND]
    assert shown(machine.fire(Trigger.REQUEST, 20.0)) == [Do.RESEND]
    for late in (Trigger.PROVISIONAL, Trigger.SUCCESS, Trigger.FAILURE, Trigger.ACK):
        assert machine.fire(late, 20.0) == ()
    assert (machine.state, machine.get_timer()) == (State.COMPLETED, 33.0)  # timer J
    assert run(machine) == []
    assert machine.state is State.TERMINATED


def test_over_a_reliable_transport_the_final_response_ends_it() -> None:
    machine = Machine(TABLE, State.TRYING, reliable=True)
    assert shown(machine.fire(Trigger.SUCCESS, 1.0)) == [Do.SEND]
    assert (machine.state, machine.get_timer()) == (State.TERMINATED, None)
