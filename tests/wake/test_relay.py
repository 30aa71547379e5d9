"""Claims about a request that is passed on as it is: its answers come back, and an INVITE does not ring for ever."""

from __future__ import annotations

import pytest
from tests.proxy.fork import Fork, branch, cancelled, flow, said
from tests.support.sip_messages import answer

from ringwake.model.effects import Effects
from ringwake.proxy.forking import TIMER_C
from ringwake.proxy.routing import Hop, forward
from ringwake.sip.message import Request
from ringwake.sip.transactions.events import Failure
from ringwake.wake.relay import Relay


class Passed:
    """A request that was passed on to one side at 0."""

    def __init__(self, method: str = "INVITE") -> None:
        context = Fork(method, lapse=408).context
        self.relay = Relay(context)
        self.sent: Request = forward(context.request, Hop(flow=flow(), branch=branch("a")))
        self.relay.begin("a", self.sent, flow(), 0.0)

    def answer(self, status: int, now: float) -> Effects:
        return self.relay.response(branch("a"), answer(self.sent, status), now)


def test_answers_go_back_as_they_come() -> None:
    passed = Passed()
    assert [said(passed.answer(status, 1.0)) for status in (100, 180, 200)] == [[], [180], [200]]
    assert (passed.relay.get_timer(), passed.relay.is_settled) == (None, True)


@pytest.mark.parametrize("failure", list(Failure))
def test_the_lack_of_an_answer_is_one(failure: Failure) -> None:
    passed = Passed()
    assert said(passed.relay.failed(branch("a"), failure, 32.0)) == [408]


def test_a_cancel_is_passed_on_with_its_reason() -> None:
    passed = Passed()
    passed.answer(180, 1.0)
    assert cancelled(passed.relay.cancel("SIP;cause=487", 2.0)) == [(branch("a"), "SIP;cause=487")]
    assert said(passed.answer(487, 3.0)) == [487]


def test_an_invite_that_rings_for_over_three_minutes_is_given_up() -> None:
    """RFC 3261 sections 16.6 step 11 and 16.8."""
    assert TIMER_C > 180.0
    passed = Passed()
    assert passed.relay.get_timer() == TIMER_C
    passed.answer(180, 100.0)
    passed.answer(100, 200.0)
    assert passed.relay.get_timer() == 100.0 + TIMER_C, "a 100 does not set it anew"
    assert passed.relay.handle_timer(100.0 + TIMER_C - 0.1) == ()
    effects = passed.relay.handle_timer(100.0 + TIMER_C)
    assert (cancelled(effects), said(effects)) == ([(branch("a"), "")], [])
    assert passed.relay.get_timer() is None
    assert said(passed.answer(487, 300.0)) == [408]


def test_an_invite_without_any_answer_is_given_up_as_well() -> None:
    effects = Passed().relay.handle_timer(TIMER_C)
    assert said(effects) == [408]


def test_other_methods_have_no_timer_of_ours() -> None:
    passed = Passed("INFO")
    assert passed.relay.get_timer() is None
    assert passed.relay.handle_timer(1_000.0) == ()
