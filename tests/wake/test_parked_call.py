"""Claims about a call and the phones that it waits for: each rings once, and the caller always hears how it ended."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.proxy.fork import abandoned, branch, forwarded
from tests.wake.calling import TIMING, Call, on
from tests.wake.phones import WALL, android, binding, flow, iphone

from ringwake.model.call import CallEnd
from ringwake.model.effects import NOTHING, Effects
from ringwake.model.events import Happened
from ringwake.model.history import Outcome as Entry
from ringwake.model.push import (
    Accepted,
    Kind,
    Outcome,
    PushTarget,
    Refused,
    Service,
    Throttled,
    Unreachable,
    Unregistered,
)
from ringwake.model.store_ops import Decline, Finish, Invite
from ringwake.model.token_ops import ForgetToken
from ringwake.proxy.branch import BranchState
from ringwake.proxy.lack import Lack
from ringwake.sip.flow import Transport
from ringwake.sip.transactions.events import Failure
from ringwake.wake.budget import Budget
from ringwake.wake.means import Timing
from ringwake.wake.plan import Action, Target

RING, WAKE, AWAIT, SKIP = Action.RING, Action.WAKE, Action.AWAIT, Action.SKIP
TRANSPORT, TIMEOUT = Failure.TRANSPORT, Failure.TIMEOUT
OK, DOWN, GONE = Accepted("1"), Unreachable("down"), Unregistered("410")


UDP_PHONE = flow(1, Transport.UDP)


def ends(call: Call) -> list[CallEnd]:
    return [op.end for op in call.ops if isinstance(op, Finish)]


# ---- the beginning


def test_phones_that_are_awake_ring_at_once_and_those_that_sleep_are_woken() -> None:
    call = Call()
    call.start(a=RING, b=WAKE, c=SKIP, d=RING)
    assert call.sent == [("a", flow(1)), ("d", flow(1))]
    assert call.pushed_to() == ["b"]
    assert call.ops == [Invite(call="c1", bindings=("a", "d"))]
    assert call.said == []
    assert call.call.get_timer() == TIMING.probe


@pytest.mark.parametrize("actions", [{}, {"a": SKIP}])
def test_a_call_that_can_reach_nobody_is_480_at_once(actions: dict[str, Action]) -> None:
    call = Call()
    call.start(**actions)
    assert call.said == [480]
    assert (ends(call), call.entry.outcome, call.entry.status) == ([CallEnd.NO_WAKE], Entry.NO_WAKE, 480)
    assert (call.call.get_timer(), call.call.is_settled) == (None, True)


def test_a_phone_that_had_the_invite_before_a_restart_is_awaited_without_a_push() -> None:
    call = Call()
    call.start_with([on(flow(), AWAIT, push=None)])
    assert (call.sent, call.pushes, call.call.get_timer()) == ([], [], TIMING.wake)
    call.woken("a", flow(2), push=None)
    assert call.sent == [("a", flow(2))]


def test_a_phone_that_never_comes_is_480_at_the_deadline() -> None:
    call = Call()
    call.start(a=WAKE)
    call.pushed("a", OK)
    call.run(TIMING.wake - 0.01)
    assert call.said == []
    call.run(TIMING.wake)
    assert (call.said, ends(call), call.pushed_to(Kind.MISSED)) == ([480], [CallEnd.NO_WAKE], ["a"])
    assert call.call.get_timer() is None


# ---- the wake


def test_a_phone_that_registers_gets_exactly_one_invite() -> None:
    call = Call()
    call.start(a=WAKE)
    for _ in range(5):
        call.woken("a", flow(2))
    assert call.sent == [("a", flow(2))]
    assert call.noted.count(Happened.DEVICE_WOKEN) == 1
    call.answer("a", 180)
    call.woken("a", flow(3))
    assert call.sent == [("a", flow(2))], "it has said something: it keeps its branch, whatever it registers"
    call.answer("a", 200)
    assert (call.said, ends(call)) == ([180, 200], [CallEnd.ANSWERED])


def test_a_phone_that_has_said_nothing_gets_the_same_branch_down_its_newest_flow() -> None:
    call = Call()
    call.start(a=WAKE)
    call.woken("a", flow(2))
    effects = call.woken("a", flow(3))
    assert (abandoned(effects), forwarded(effects)) == ([branch("a")], [flow(3)])


def test_a_phone_that_has_spoken_its_word_is_not_asked_again() -> None:
    call = Call()
    call.start(a=RING, b=RING)
    call.answer("a", 486)
    assert forwarded(call.woken("a", flow(2))) == []
    call.answer("b", 180)
    assert (len(call.sent), call.said) == (2, [180])


def test_a_phone_that_has_come_is_pushed_no_more() -> None:
    call = Call()
    call.start(a=WAKE)
    call.pushed("a", DOWN)
    call.woken("a", flow(2))
    call.run(19.0)
    assert call.pushed_to() == ["a"]
    assert call.noted.count(Happened.PUSH_SENT) == 1


def test_phones_that_wake_one_after_the_other_all_ring() -> None:
    call = Call()
    call.start(a=WAKE, b=WAKE, c=WAKE)
    for number, device in enumerate("abc", start=2):
        call.run(3.0 * number)
        call.woken(device, flow(number))
        call.answer(device, 180)
    assert [device for device, _ in call.sent] == ["a", "b", "c"]
    assert call.said == [180, 180, 180]


@pytest.mark.parametrize("at", [5.0, TIMING.wake - 0.1, 45.0])
def test_a_phone_that_comes_while_another_rings_has_time_to_answer(at: float) -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 180)
    call.run(at)
    call.woken("late", flow(7))
    assert call.sent[-1] == ("late", flow(7))
    call.run(at + TIMING.answer - 0.1)
    assert call.cancelled == []
    call.answer("late", 200)
    assert (call.said, call.cancelled) == ([180, 200], [branch("a")])


@pytest.mark.parametrize("outcome", [OK, GONE, DOWN])
def test_a_phone_that_was_expected_and_comes_late_rings_as_long_as_the_call_is_open(outcome: Outcome) -> None:
    call = Call()
    call.start(a=RING, late=WAKE)
    call.answer("a", 180)
    call.pushed("late", outcome)
    call.run(TIMING.wake + 2.0)
    call.woken("late", flow(7))
    assert call.sent[-1] == ("late", flow(7))
    call.answer("late", 200)
    assert call.said == [180, 200]


def test_a_phone_that_comes_and_says_nothing_is_given_up() -> None:
    call = Call()
    call.start(a=WAKE)
    call.run(TIMING.wake - 1.0)
    call.woken("a", flow(2))
    call.run(TIMING.wake + TIMING.answer - 1.1)
    assert call.said == []
    call.run(TIMING.wake + TIMING.answer - 1.0)
    assert (call.said, call.cancelled) == ([480], [branch("a")])


def answered(call: Call) -> None:
    call.answer("other", 200)


def declined(call: Call) -> None:
    call.answer("other", 603)


def hung_up(call: Call) -> None:
    call.cancel()


@pytest.mark.parametrize("over", [answered, declined, hung_up])
@pytest.mark.parametrize("device", ["a", "stranger"])
def test_a_phone_that_wakes_for_a_call_that_is_over_gets_nothing(over: Callable[[Call], None], device: str) -> None:
    call = Call()
    call.start(other=RING, ringing=RING, a=WAKE)
    call.answer("other", 180)
    call.answer("ringing", 180)
    over(call)
    seen = (list(call.sent), list(call.noted))
    assert call.woken(device, flow(2)) == NOTHING
    assert (call.sent, call.noted) == seen
    if over is hung_up:
        call.answer("other", 487)
    call.answer("ringing", 487)
    assert len(call.finals) == 1
    assert call.call.is_settled, "nothing is left open by whoever came late"


# ---- pushes


@pytest.mark.parametrize("failure", [DOWN, Throttled("slow"), Refused("InvalidProviderToken", 403)])
def test_a_push_that_failed_is_tried_again_inside_the_window(failure: Outcome) -> None:
    call = Call()
    call.start(a=WAKE)
    while len(call.pushes) < 5:
        call.pushed("a", failure)
        call.run(call.call.get_timer() or 0.0)
    assert [at for at, _, _ in call.pushes] == pytest.approx([0.0, 0.2, 0.7, 1.7, 3.7])
    notices = [push.notice for _, _, push in call.pushes]
    assert [notice.seq for notice in notices] == [0, 1, 2, 3, 4]
    assert len({notice.id for notice in notices}) == 1
    assert [push.expires_at for _, _, push in call.pushes] == [WALL + TIMING.wake] * 5
    assert notices[-1].deadline_ms == pytest.approx(16_300, abs=1)


def test_no_push_is_sent_after_the_window() -> None:
    call = Call()
    call.start(a=WAKE)
    while call.call.end is None:
        call.pushed("a", DOWN)
        call.run(call.call.get_timer() or 0.0)
    assert max(at for at, _, push in call.pushes if push.notice.kind is Kind.CALL) <= TIMING.wake
    assert call.said == [480]


def test_what_is_due_at_the_very_end_is_not_pushed_any_more() -> None:
    call = Call()
    call.start(a=WAKE)
    call.pushed("a", Throttled("slow", TIMING.wake))
    call.run(TIMING.wake)
    assert (call.said, call.pushed_to()) == ([480], ["a"])


@pytest.mark.parametrize("outcome", [GONE, Refused("BadMessageId", 400), Refused("PayloadTooLarge", 413)])
def test_a_phone_that_cannot_be_pushed_to_is_waited_for_no_longer(outcome: Outcome) -> None:
    call = Call()
    call.start(a=WAKE, b=WAKE)
    call.pushed("a", outcome)
    assert call.said == []
    call.pushed("b", outcome)
    assert (call.said, ends(call)) == ([480], [CallEnd.NO_WAKE])


@pytest.mark.parametrize(("outcome", "dead_at"), [(GONE, WALL - 3600), (Unregistered("410", 77.0), 77.0)])
def test_a_dead_token_is_forgotten_as_of_its_registration(outcome: Unregistered, dead_at: float) -> None:
    call = Call()
    call.start_with([on(flow(), WAKE, push=iphone())])
    call.pushed("a", outcome)
    voip = iphone().tokens[0][1]
    is_timed = outcome.at is not None
    assert ForgetToken(digest=voip.digest, dead_at=dead_at, is_timed=is_timed, service=Service.VOIP) in call.ops


def test_a_token_that_was_registered_after_the_push_is_not_forgotten() -> None:
    # The provider speaks of the token that was pushed to, and of that registration (reliability P7).
    call = Call()
    call.start(a=WAKE)
    call.woken("a", flow(2), push=android("a new token"))
    call.pushed("a", GONE)
    old = android("a").tokens[0][1]
    assert [op for op in call.ops if isinstance(op, ForgetToken)] == [
        ForgetToken(digest=old.digest, dead_at=WALL - 3600)
    ]
    assert call.said == [], "it has come: its branch goes on"


@pytest.mark.parametrize("outcome", [GONE, OK, DOWN])
def test_an_outcome_is_never_taken_for_that_of_a_later_push(outcome: Outcome) -> None:
    # It came with a new token while its push was under way, and vanished again: nothing is known of the new token.
    call = Call()
    call.start(a=WAKE)
    call.woken("a", flow(2), push=android("a new token"))
    call.failed("a", TRANSPORT)
    assert call.pushed_to() == ["a"]
    call.run(3.0)
    call.pushed("a", outcome)
    call.run(3.0)
    assert [push.token.reveal() for _, _, push in call.pushes] == ["token-of-a", "token-of-a new token"]
    new = android("a new token").tokens[0][1]
    assert all(op.digest != new.digest for op in call.ops if isinstance(op, ForgetToken))
    assert call.said == []
    call.pushed("a", GONE)
    assert call.said == [480]


def test_two_calls_share_one_wake_until_its_push_fails() -> None:
    budget = Budget(window=TIMING.wake)
    first, second = Call(budget=budget), Call(budget=budget, name="c2")
    first.start(a=WAKE)
    second.start(a=WAKE)
    second.run(3.0)
    assert second.pushed_to() == []
    assert second.noted == [Happened.PUSH_SUPPRESSED], "however often it has looked again"
    first.pushed("a", DOWN)
    second.run(3.5)
    assert second.pushed_to() == ["a"]
    second.woken("a", flow(2))
    assert second.sent == [("a", flow(2))]


def test_only_a_call_that_needs_a_push_and_is_not_answered_counts_for_its_caller() -> None:
    rung = {"a": RING, "b": WAKE}
    for actions, status, count in (({"a": WAKE}, 486, 3), (rung, 486, 0), ({"a": WAKE}, 200, 0)):
        call = Call()
        call.start(**actions)
        call.woken("a", flow(2))
        call.answer("a", status)
        call.run(TIMING.wake + TIMING.ring)
        assert len(call.callers) == count


@pytest.mark.parametrize(("outcome", "is_shared"), [(OK, True), (DOWN, False), (GONE, False)])
def test_a_push_that_got_through_is_not_repeated_for_the_next_call_though_the_first_is_over(
    outcome: Outcome, is_shared: bool
) -> None:
    budget = Budget(window=TIMING.wake)
    first, second = Call(budget=budget), Call(budget=budget, name="c2")
    first.start(a=WAKE)
    first.cancel()
    first.pushed("a", outcome)
    second.start(a=WAKE)
    assert (second.pushed_to() == []) is is_shared


def test_a_phone_that_no_push_can_reach_is_waited_for_in_silence() -> None:
    call = Call()
    call.start_with([on(flow(), WAKE, push=None)])
    assert (call.pushes, call.call.get_timer()) == ([], TIMING.wake)
    call.run(TIMING.wake)
    assert (call.said, call.pushes) == ([480], [])


def test_an_outcome_that_comes_late_is_noted_and_does_nothing_else() -> None:
    call = Call()
    call.start(a=WAKE)
    call.cancel()
    call.pushed("a", OK)
    call.pushed("a", GONE)
    assert call.noted[-2:] == [Happened.PUSH_ACCEPTED, Happened.PUSH_FAILED]
    assert (call.said, len(call.pushed_to())) == ([487], 1)


def test_a_phone_that_logs_out_is_pushed_to_no_more_and_told_nothing() -> None:
    call = Call()
    call.start(a=WAKE, b=WAKE)
    for device in "ab":
        call.pushed(device, DOWN)
    call.call.left(["b"])
    call.run(1.0)
    assert call.pushed_to() == ["a", "b", "b"]
    call.pushed("b", OK)
    call.run(TIMING.wake)
    assert (call.said, call.pushed_to(Kind.MISSED)) == ([480], ["b"])


def test_an_app_that_removes_its_old_binding_before_it_registers_anew_is_waited_for() -> None:
    call = Call()
    call.start(a=WAKE)
    call.pushed("a", OK)
    call.call.left([])
    call.run(2.0)
    assert call.said == []
    call.woken("new", flow(2))
    call.answer("new", 200)
    assert (call.sent, call.said) == ([("new", flow(2))], [200])


# ---- a phone that seems awake


def test_a_phone_that_seems_awake_and_says_nothing_is_pushed_after_a_second() -> None:
    call = Call()
    call.start(a=RING)
    call.run(TIMING.probe - 0.01)
    assert call.pushes == []
    call.run(TIMING.probe)
    assert call.pushed_to() == ["a"]
    call.woken("a", flow(2))
    assert call.sent == [("a", flow(1)), ("a", flow(2))]
    call.run(15.0)
    assert len(call.pushes) == 1


@pytest.mark.parametrize("status", [100, 180, 486])
def test_a_phone_that_says_anything_is_awake(status: int) -> None:
    call = Call()
    call.start(a=RING, b=WAKE)
    call.answer("a", status)
    call.run(10.0)
    assert call.pushed_to() == ["b"]


def test_a_phone_without_a_token_is_not_pushed() -> None:
    call = Call()
    call.start_with([on(flow(), push=None)])
    call.run(TIMING.wake)
    assert (call.pushes, call.said) == ([], [480])


def test_a_phone_that_registers_down_the_same_flow_is_awake() -> None:
    call = Call()
    call.start(a=RING)
    call.woken("a", flow(1))
    call.run(10.0)
    assert (call.sent, call.pushes) == ([("a", flow(1))], [])


def test_a_dead_token_says_nothing_of_a_flow_that_may_live() -> None:
    call = Call()
    call.start(a=RING)
    call.run(TIMING.probe)
    call.pushed("a", GONE)
    assert call.said == []
    call.answer("a", 200)
    assert call.said == [200]


def test_what_goes_by_datagrams_is_sent_no_more_once_the_provider_has_taken_the_push() -> None:
    """Until then the datagrams are all there is."""
    call = Call()
    call.start_with([on(UDP_PHONE)])
    call.run(TIMING.probe)
    call.pushed("a", DOWN)
    assert call.quieted == []
    call.run(2 * TIMING.probe)
    call.pushed("a", OK)
    assert call.quieted == [branch("a")]
    call.answer("a", 180)
    assert call.said == [180], "it is listened to all the same"


def test_it_goes_on_when_the_phone_registers_down_the_same_flow() -> None:
    """The same branch again: what was sent before may have been lost."""
    call = Call()
    call.start_with([on(UDP_PHONE)])
    call.run(TIMING.probe)
    call.pushed("a", OK)
    effects = call.woken("a", UDP_PHONE)
    assert (abandoned(effects), forwarded(effects)) == ([branch("a")], [UDP_PHONE])
    assert call.noted.count(Happened.INVITE_SENT) == 1
    assert call.woken("a", UDP_PHONE) == NOTHING
    call.run(TIMING.probe + 3.0)
    assert call.pushed_to() == ["a"], "it is awake"


def test_a_connection_gets_it_once_whatever_registers_down_it() -> None:
    call = Call()
    call.start(a=RING)
    call.run(TIMING.probe)
    call.pushed("a", OK)
    call.woken("a", flow(1))
    assert (call.quieted, call.sent) == ([], [("a", flow(1))])


def test_a_phone_that_has_come_before_its_push_was_answered_is_not_quieted() -> None:
    call = Call()
    call.start(a=WAKE)
    call.woken("a", UDP_PHONE)
    call.pushed("a", OK)
    assert call.quieted == []


# ---- a flow that breaks


def test_a_phone_whose_flow_breaks_is_woken_by_push() -> None:
    call = Call()
    call.start(a=RING)
    call.failed("a", TRANSPORT)
    assert (call.pushed_to(), call.said) == (["a"], [])
    call.run(3.0)
    call.woken("a", flow(2))
    assert call.sent == [("a", flow(1)), ("a", flow(2))]


def test_a_phone_without_a_token_whose_flow_breaks_is_lost() -> None:
    call = Call()
    call.start_with([on(flow(), push=None)])
    call.failed("a", TRANSPORT)
    assert call.said == [480]


def test_a_phone_that_rang_and_vanished_is_waited_for_until_the_deadline_and_no_longer() -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 180)
    call.failed("a", TRANSPORT)
    call.pushed("a", OK)
    call.run(300.0)
    assert (call.said, ends(call)) == ([180, 480], [CallEnd.NO_ANSWER])


@pytest.mark.parametrize("at", [5.0, 40.0])
def test_a_phone_that_moved_while_it_rang_rings_on_down_its_new_flow(at: float) -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 180)
    call.run(at)
    call.woken("a", flow(2))
    assert call.sent == [("a", flow(1))]
    call.failed("a", TRANSPORT)
    assert call.sent == [("a", flow(1)), ("a", flow(2))]
    call.run(at + 2 * TIMING.probe)
    assert call.pushes == [], "it has just registered: it is awake"
    call.answer("a", 180)
    call.run(TIMING.ring)
    assert call.cancelled == [branch("a")], "it gains no time by moving"


@pytest.mark.parametrize("push", [None, android("a")])
@pytest.mark.parametrize("at", [5.0, TIMING.wake + 10.0])
def test_a_phone_that_rang_is_given_a_moment_to_come_back_from_another_network(
    push: PushTarget | None, at: float
) -> None:
    call = Call()
    call.start_with([on(flow(), push=push)])
    call.answer("a", 180)
    call.run(at)
    call.failed("a", TRANSPORT)
    call.run(at + TIMING.answer - 0.1)
    assert (call.said, call.sent) == ([180], [("a", flow(1))])
    call.woken("a", flow(2), push=push)
    assert call.sent == [("a", flow(1)), ("a", flow(2))]
    call.answer("a", 180)
    call.answer("a", 200)
    assert call.said == [180, 180, 200]
    assert call.pushed_to() == (["a"] if push and at < TIMING.wake else [])


@pytest.mark.parametrize("at", [TIMING.wake - 1.0, TIMING.wake + 10.0])
def test_a_phone_that_rang_and_does_not_come_back_is_its_end(at: float) -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 180)
    call.run(at)
    call.failed("a", TRANSPORT)
    call.run(at + TIMING.answer - 0.1)
    assert call.said == [180]
    call.run(at + TIMING.answer)
    assert (call.said, ends(call)) == ([180, 480], [CallEnd.NO_ANSWER])


def test_a_branch_that_times_out_after_the_wait_is_the_phones_end() -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 100)
    call.run(TIMING.wake + 1.0)
    call.failed("a", TIMEOUT)
    assert (call.said, call.pushes) == ([480], [])


def test_no_coming_and_going_of_phones_keeps_a_call_open_for_ever() -> None:
    over = TIMING.wake + TIMING.ring
    call = Call()
    call.start(a=RING)
    call.answer("a", 180)
    for number in range(2, 40):
        call.run(3.0 * number)
        call.failed("a", TRANSPORT)
        call.woken("a", flow(number))
        if call.sent[-1] == ("a", flow(number)):
            call.answer("a", 180)
    assert len(call.finals) == 1
    assert 3.0 * (len(call.sent) + 1) == pytest.approx(over, abs=3.0)


def test_a_phone_that_comes_late_rings_until_the_call_is_over_and_one_that_comes_later_not_at_all() -> None:
    over = TIMING.wake + TIMING.ring
    call = Call()
    call.start(a=RING)
    call.answer("a", 180)
    call.run(over - 30.0)
    call.woken("late", flow(7))
    call.answer("late", 180)
    call.run(over)
    assert call.cancelled == [branch("a"), branch("late")]
    call.woken("later", flow(8))
    assert call.sent[-1] == ("late", flow(7))
    call.answer("a", 487)
    call.answer("late", 487)
    assert call.finals == [480]


def test_a_phone_that_was_pushed_to_may_come_after_its_old_branch_has_timed_out() -> None:
    call = Call(timing=Timing(wake=60.0))
    call.start(a=RING)
    call.run(TIMING.probe)
    call.pushed("a", OK)
    call.run(32.0)
    assert abandoned(call.failed("a", TIMEOUT)) == [branch("a")]
    assert (call.said, call.pushed_to()) == ([], ["a"])
    call.run(40.0)
    call.woken("a", flow(2))
    assert call.sent == [("a", flow(1)), ("a", flow(2))]


@pytest.mark.parametrize("over", [declined, hung_up])
@pytest.mark.parametrize("failure", list(Failure))
def test_once_the_call_is_over_a_broken_flow_wakes_nobody(over: Callable[[Call], None], failure: Failure) -> None:
    call = Call()
    call.start(other=RING, a=RING)
    call.answer("other", 180)
    over(call)
    call.failed("a", failure)
    if over is hung_up:
        call.answer("other", 487)
    assert len(call.finals) == 1
    assert call.pushed_to() == []


def test_once_somebody_has_refused_for_all_nobody_is_probed() -> None:
    call = Call()
    call.start(other=RING, a=RING)
    call.answer("other", 603)
    call.run(TIMING.wake)
    assert (call.pushes, call.said, ends(call)) == ([], [603], [CallEnd.DECLINED])


def test_what_fails_after_it_was_given_up_is_done() -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 180)
    call.run(TIMING.ring)
    assert (call.cancelled, call.said) == ([branch("a")], [180])
    call.failed("a", TIMEOUT)
    assert (call.said, ends(call)) == ([180, 480], [CallEnd.NO_ANSWER])


def test_what_is_about_nobodys_branch_is_absorbed() -> None:
    call = Call()
    call.start(a=WAKE)
    call.requests["stranger"] = call.request
    assert call.answer("stranger", 200) == NOTHING
    assert call.failed("stranger", TRANSPORT) == NOTHING
    assert call.pushed("stranger", OK) == NOTHING


# ---- the end


def test_a_phone_that_rings_too_long_is_cancelled_and_the_caller_told() -> None:
    call = Call()
    call.start(a=WAKE)
    call.run(10.0)
    call.woken("a", flow(2))
    call.answer("a", 180)
    call.run(10.0 + TIMING.ring - 0.1)
    assert call.cancelled == []
    call.run(10.0 + TIMING.ring)
    assert (call.cancelled, call.said) == ([branch("a")], [180])
    call.answer("a", 487)
    assert (call.said, ends(call), call.pushed_to(Kind.MISSED)) == ([180, 480], [CallEnd.NO_ANSWER], [])


def test_a_caller_that_hangs_up_before_the_wake_stops_everything() -> None:
    call = Call()
    call.start(a=WAKE)
    call.pushed("a", DOWN)
    call.cancel()
    call.run(100.0)
    assert (call.said, ends(call), call.pushed_to()) == ([487], [CallEnd.CANCELLED], ["a"])
    assert call.pushed_to(Kind.MISSED) == ["a"], "a push may have reached it"


def test_a_call_ends_once() -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 200)
    call.answer("a", 200)
    call.cancel()
    call.run(100.0)
    assert call.said == [200, 200]
    assert ends(call) == [CallEnd.ANSWERED]
    assert call.noted.count(Happened.CALL_ENDED) == 1


def pushed_and_asleep(call: Call) -> None:
    call.pushed("a", OK)


def failed_to_push(call: Call) -> None:
    call.pushed("a", DOWN)


def came(call: Call) -> None:
    call.pushed("a", OK)
    call.woken("a", flow(2))


def came_and_vanished(call: Call) -> None:
    came(call)
    call.answer("a", 180)
    call.failed("a", TRANSPORT)


@pytest.mark.parametrize(
    ("before", "is_told"),
    [(pushed_and_asleep, True), (failed_to_push, True), (came, False), (came_and_vanished, True)],
)
@pytest.mark.parametrize(
    ("over", "kind"), [(answered, Kind.ELSEWHERE), (declined, Kind.ELSEWHERE), (hung_up, Kind.MISSED)]
)
def test_who_was_pushed_to_in_vain_is_told_how_the_call_ended(
    before: Callable[[Call], None], is_told: bool, over: Callable[[Call], None], kind: Kind
) -> None:
    call = Call()
    call.start(other=RING, a=WAKE)
    call.answer("other", 180)
    before(call)
    over(call)
    if over is hung_up:
        call.answer("other", 487)
    call.run(TIMING.wake)
    if not call.finals:
        call.failed("a", TIMEOUT)
    assert call.pushed_to(kind) == (["a"] if is_told else [])
    told = [push for _, _, push in call.pushes if push.notice.kind is kind]
    assert all(push.notice.seq > 0 and push.notice.uuid == call.pushes[0][2].notice.uuid for push in told)


def test_a_phone_that_seemed_awake_and_was_pushed_to_in_vain_is_told_too() -> None:
    # Or its system would go on showing a call that nobody will ever bring it.
    call = Call()
    call.start(a=RING)
    call.run(TIMING.probe)
    call.pushed("a", OK)
    call.cancel()
    call.run(TIMING.wake)
    assert (call.said, call.pushed_to(Kind.MISSED)) == ([487], ["a"])


def test_a_phone_that_only_a_voip_push_reaches_is_told_nothing() -> None:
    call = Call()
    target = iphone()
    voip_only = type(target)(app=target.app, tokens=target.tokens[:1])
    call.start_with([on(flow(), WAKE, push=voip_only)])
    call.cancel()
    assert [push.notice.kind for _, _, push in call.pushes] == [Kind.CALL]


def test_a_phone_that_shared_anothers_wake_is_not_told() -> None:
    budget = Budget(window=TIMING.wake)
    first, second = Call(budget=budget), Call(budget=budget, name="c2")
    first.start(a=WAKE)
    second.start(a=WAKE)
    second.cancel()
    assert second.pushes == []


def test_the_timeline_says_what_became_of_each_phone() -> None:
    call = Call()
    call.start(a=WAKE, b=RING)
    call.pushed("a", OK)
    call.answer("b", 486)
    call.woken("a", flow(2))
    call.answer("a", 100)
    call.answer("a", 180)
    call.answer("a", 200)
    assert call.noted == [
        Happened.INVITE_SENT,
        Happened.PUSH_SENT,
        Happened.PUSH_ACCEPTED,
        Happened.BRANCH_ENDED,
        Happened.DEVICE_WOKEN,
        Happened.INVITE_SENT,
        Happened.RINGING,
        Happened.PHONE_ANSWERED,
        Happened.CALL_ENDED,
    ]


def test_a_call_taken_up_after_its_time_is_still_ended() -> None:
    call = Call()
    call.now = TIMING.wake + 50.0
    call.start_with([Target(binding("a"), WAKE)])
    call.run(call.now)
    assert call.said == [480]
    known = call.call.context.branch("a")
    assert known is not None
    assert known.state is BranchState.DONE


# ---- several flows of one phone (RFC 5626 section 7)

PHONE: dict[str, Any] = {"instance": "<urn:x>", "first": "b"}


def two_flows(*, push: PushTarget | None = None) -> Call:
    """Return a call to a phone with two live flows, `b` and `c`, under way down the first."""
    call = Call()
    first, second = (binding(name, flow=flow(n), reg_id=n, push=push, **PHONE) for n, name in ((1, "b"), (2, "c")))
    call.start_with([Target(first, Action.RING, (second,))])
    assert call.sent == [("b", flow(1))]
    assert call.ops == [Invite(call="c1", bindings=("b",))]
    return call


def test_the_other_flow_is_not_tried_while_the_first_may_answer() -> None:  # O24
    call = two_flows()
    call.woken("c", flow(3), reg_id=2, **PHONE)  # it refreshes its second flow meanwhile
    assert call.sent == [("b", flow(1))]
    call.answer("b", 180)
    call.answer("b", 200)
    assert (call.sent, call.said) == ([("b", flow(1))], [180, 200])


@pytest.mark.parametrize("how", [Failure.TRANSPORT, Failure.TIMEOUT, 408, 430])
def test_a_flow_that_has_failed_is_followed_by_the_next(how: Failure | int) -> None:  # O25
    call = two_flows()
    call.now = 1.0
    call.answer("b", how) if isinstance(how, int) else call.failed("b", how)
    assert call.sent == [("b", flow(1)), ("c", flow(2))]
    assert call.said == []
    call.answer("c", how) if isinstance(how, int) else call.failed("c", how)
    assert call.sent[2:] == [], "each is tried once"
    assert call.finals == [408 if how == 408 else 480]


def test_the_flow_that_was_registered_last_is_the_next() -> None:
    call = two_flows()
    call.woken("c", flow(3), reg_id=2, push=None, **PHONE)
    call.woken("d", flow(4), reg_id=3, push=None, **PHONE)
    for name in ("b", "c", "d"):
        call.failed(name, Failure.TRANSPORT)
    assert call.sent == [("b", flow(1)), ("c", flow(3)), ("d", flow(4))]
    assert call.finals == [480]


@pytest.mark.parametrize("status", [480, 486, 500, 503])
def test_a_phone_that_has_answered_is_not_asked_again_down_its_other_flow(status: int) -> None:  # O25
    call = two_flows()
    call.answer("b", status)
    assert call.sent == [("b", flow(1))]
    assert len(call.finals) == 1


def test_a_phone_that_rang_in_vain_does_not_ring_again_down_its_other_flow() -> None:
    call = two_flows()
    call.answer("b", 180)
    call.answer("b", 408)
    assert (call.sent, call.finals) == ([("b", flow(1))], [408])


def test_a_phone_that_rings_when_its_flow_breaks_rings_on_down_the_other() -> None:
    call = two_flows()
    call.answer("b", 180)
    call.failed("b", Failure.TRANSPORT)
    assert call.sent == [("b", flow(1)), ("c", flow(2))]
    call.answer("c", 200)
    assert call.finals == [200]


def test_a_phone_that_says_nothing_down_one_flow_is_tried_down_the_other_before_it_is_given_up() -> None:
    call = two_flows()
    call.run(TIMING.wake - 0.1)
    assert call.sent == [("b", flow(1))]
    call.run(TIMING.wake)
    assert call.sent == [("b", flow(1)), ("c", flow(2))]
    call.run(TIMING.wake + TIMING.answer)
    assert call.finals == [480]


def test_a_phone_whose_flows_have_all_failed_is_woken() -> None:  # A14
    call = two_flows(push=android())
    call.failed("b", Failure.TRANSPORT)
    assert call.pushes == []
    call.failed("c", Failure.TRANSPORT)
    assert call.pushed_to() == ["b"]
    call.woken("c", flow(5), reg_id=2, push=android(), **PHONE)
    assert call.sent[2:] == [("c", flow(5))]
    call.pushed("b", Accepted("1"))
    call.answer("c", 200)
    assert call.finals == [200]


def test_a_sleeping_phone_that_wakes_by_another_flow_gets_one_invite() -> None:
    call = Call()
    call.start_with([Target(binding("b", reg_id=1, **PHONE), Action.WAKE)])
    call.woken("c", flow(2), reg_id=2, **PHONE)
    call.woken("b", flow(1), reg_id=1, **PHONE)
    assert call.sent == [("c", flow(2))]
    call.failed("c", Failure.TRANSPORT)
    assert call.sent[1:] == [("b", flow(1))]


def test_a_flow_that_the_phone_has_taken_back_is_not_tried() -> None:
    call = two_flows()
    call.call.left(("b",))
    call.failed("b", Failure.TRANSPORT)
    assert (call.sent, call.finals) == ([("b", flow(1))], [480])


@pytest.mark.parametrize("over", [Call.cancel, lambda call: call.answer("z", 603)])
def test_once_the_call_is_over_no_other_flow_is_tried(over: Callable[[Call], object]) -> None:
    call = two_flows()
    call.woken("z", flow(9))
    over(call)
    call.failed("b", Failure.TRANSPORT)
    call.run(100.0)
    assert [name for name, _ in call.sent] == ["b", "z"]


# ---- phones behind a proxy (RFC 3327)

EDGE = ("<sip:token@edge;lr;ob>",)


def behind(**changes: Any) -> Call:
    """Return a call under way to a phone behind a proxy."""
    call = Call()
    call.start_with([Target(binding("b", flow=flow(1), path=EDGE, **changes), Action.RING)])
    return call


def test_a_100_of_the_proxy_does_not_show_that_the_phone_is_awake() -> None:
    call = behind()
    call.answer("b", 100)
    call.run(TIMING.probe)
    assert call.pushed_to() == ["b"]
    direct = Call()
    direct.start_with([Target(binding("b", flow=flow(1)), Action.RING)])
    direct.answer("b", 100)
    direct.run(TIMING.probe)
    assert direct.pushed_to() == []


def test_a_phone_whose_proxy_lost_its_flow_is_woken() -> None:  # O11
    call = behind()
    call.answer("b", 430)
    assert (call.pushed_to(), call.said) == (["b"], [])
    call.woken("b", flow(1), path=("<sip:new@edge;lr;ob>",))
    assert call.sent == [("b", flow(1)), ("b", flow(1))]
    call.answer("b", 200)
    assert call.finals == [200]


def test_without_a_token_a_flow_that_the_proxy_lost_is_the_phones_end() -> None:
    call = behind(push=None)
    call.answer("b", 430)
    assert call.finals == [480], "430 is said between proxies only"


@pytest.mark.parametrize(("path", "sent"), [(EDGE, 1), (("<sip:new@edge;lr;ob>",), 2), ((), 2)])
def test_a_phone_that_registers_by_another_path_gets_the_invite_along_that(path: tuple[str, ...], sent: int) -> None:
    call = behind()
    call.answer("b", 100)
    call.woken("b", flow(1), path=path)
    assert len(call.sent) == sent
    call.answer("b", 180)
    call.woken("b", flow(1), path=("<sip:third@edge;lr;ob>",))
    assert len(call.sent) == sent, "it rings"


# ---- what phones have refused


def test_a_refusal_is_written_down_when_the_call_goes_on() -> None:
    call = Call()
    call.start(a=RING, b=WAKE)
    call.answer("a", 486)
    assert call.ops[-1] == Decline(call="c1", phone="a", status=486)
    call.woken("b", flow(2))
    call.answer("b", 180)
    call.answer("b", 603)
    assert (ends(call), sum(isinstance(op, Decline) for op in call.ops)) == ([CallEnd.DECLINED], 1)


def test_one_for_all_is_written_down_before_the_others_have_answered() -> None:
    call = Call()
    call.start(a=RING, b=RING)
    call.answer("b", 180)
    call.answer("a", 603)
    assert (call.ops[-1], call.finals) == (Decline(call="c1", phone="a", status=603), [])


def test_a_call_that_was_cancelled_needs_no_refusals() -> None:
    call = Call()
    call.start(a=RING, b=RING)
    for device in "ab":
        call.answer(device, 180)
    call.cancel()
    call.answer("a", 487)
    assert not any(isinstance(op, Decline) for op in call.ops)


def test_a_phone_that_had_refused_before_a_crash_is_asked_no_more() -> None:
    call = Call(refusals=(("a", 486),))
    call.start(b=WAKE)
    call.woken("a", flow(2))
    assert (call.sent, call.pushed_to()) == ([], ["b"])
    call.pushed("b", GONE)
    assert call.said == [486]


def test_when_all_had_refused_before_a_crash_the_call_is_over() -> None:
    call = Call(refusals=(("a", 486), ("b", 480)))
    call.start()
    assert (call.said, ends(call)) == ([486], [CallEnd.DECLINED])


def test_an_invite_whose_cancel_waits_for_an_answer_is_not_quieted() -> None:
    """Its phone may ring: without a provisional response it is never cancelled (RFC 3261 section 9.1)."""
    call = Call()
    call.start(a=on(UDP_PHONE))
    call.run(TIMING.probe)
    call.cancel()
    call.pushed("a", OK)
    assert call.quieted == []


# ---- acted upon from a notification


def decline(call: Call, phone: str, status: int) -> None:
    call.perform(call.call.decline(phone, status, call.now))


def test_who_declines_for_all_from_a_notification_ends_the_call() -> None:
    call = Call()
    call.start(a=WAKE, b=RING, c=WAKE)
    decline(call, "a", 603)
    assert (call.finals, call.cancelled, ends(call)) == ([603], [branch("b")], [CallEnd.DECLINED])
    assert Decline(call="c1", phone="a", status=603) in call.ops
    assert "a" not in call.pushed_to(Kind.ELSEWHERE), "it knows"
    decline(call, "c", 603)
    assert call.finals == [603]


def test_a_phone_whose_owner_has_declined_is_not_called_when_it_wakes() -> None:
    call = Call()
    call.start(a=WAKE, b=WAKE)
    decline(call, "a", 486)
    call.woken("a", flow(2))
    assert (call.sent, call.finals) == ([], [])
    decline(call, "b", 486)
    assert (call.finals, call.entry.status) == ([486], 486)


def test_one_that_rings_is_cancelled_and_has_the_last_word() -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 180)
    decline(call, "a", 486)
    assert (call.cancelled, call.finals) == ([branch("a")], [])
    call.answer("a", 487)
    assert call.finals == [486]


def test_a_phone_that_was_never_planned_with_may_decline() -> None:
    call = Call()
    call.start(a=WAKE)
    decline(call, "z", 486)
    call.woken("z", flow(2))
    assert (call.sent, call.finals) == ([], [])


def test_an_ignored_phone_is_woken_no_more_and_told_nothing() -> None:
    call = Call()
    call.start(a=WAKE)
    call.pushed("a", DOWN)
    call.call.ignore("a")
    call.call.ignore("z")
    call.run(TIMING.wake)
    assert call.finals == [480]
    assert [device for _, device, _ in call.pushes] == ["a"]


def test_a_phone_that_was_waited_for_in_vain_may_decline_as_well() -> None:
    call = Call()
    call.start(a=RING, b=WAKE)
    call.answer("a", 180)
    call.pushed("b", OK)
    call.run(TIMING.wake + 1)
    decline(call, "b", 486)
    call.woken("b", flow(3))
    assert [device for device, _ in call.sent] == ["a"]


def test_a_phone_that_has_not_answered_its_invite_may_decline_and_is_sent_no_other() -> None:
    call = Call()
    call.start_with([on(flow(1)), on(flow(2), RING, "b", push=android("b"))])
    call.answer("a", 180)
    call.run(1.5)
    call.pushed("b", OK)
    decline(call, "b", 486)
    assert call.cancelled == [branch("b")]
    call.woken("b", flow(3))
    assert [device for device, _ in call.sent] == ["a", "b"]


def test_it_knows_whom_it_calls_by_instance() -> None:
    call = Call()
    call.start_with([on(flow(), WAKE, "a", instance="urn:uuid:1"), on(flow(2), WAKE, "b")])
    assert [call.call.calls(instance) for instance in ("urn:uuid:1", "urn:uuid:2", "")] == [True, False, False]


def test_a_phone_that_picks_up_just_when_another_declines_for_all_is_hung_up_on() -> None:
    call = Call()
    call.start(a=WAKE, b=RING)
    call.answer("b", 180)
    decline(call, "a", 603)
    for _ in range(2):
        call.answer("b", 200, ("contact", "<sip:b@203.0.113.7>"))
    assert [request.method for request in call.relayed] == ["ACK", "ACK"]
    assert [request.method for request in call.requests.values()] == ["INVITE", "BYE"]
    assert (call.finals, ends(call)) == ([603], [CallEnd.DECLINED])


@pytest.mark.parametrize("has_rung", [True, False])
def test_an_ignored_phone_whose_connection_goes_is_left_alone(has_rung: bool) -> None:
    call = Call()
    call.start(a=WAKE)
    call.pushed("a", OK)
    call.woken("a", flow(2))
    if has_rung:
        call.answer("a", 180)
    call.call.ignore("a")
    call.failed("a", TRANSPORT)
    call.run(100.0)
    assert call.finals == [480]
    assert [push.notice.kind for _, _, push in call.pushes] == [Kind.CALL]


def test_a_phone_that_registers_before_its_turn_is_not_called_yet() -> None:
    call = Call()
    call.start(a=RING, b=replace(on(flow(2), WAKE, "b"), ring_after=5.0))
    call.answer("a", 180)
    call.woken("b", flow(3))
    assert [device for device, _ in call.sent] == ["a"]
    call.run(5.0)
    assert call.sent[-1] == ("b", flow(3))


def test_the_badge_of_a_call_is_what_was_missed_before_it() -> None:
    call = Call()
    call.unread = 4
    call.perform(call.call.start([Target(binding("a"), WAKE)], 0.0, unread=3))
    call.run(TIMING.wake)
    assert [push.notice.alert and push.notice.alert.badge for _, _, push in call.pushes] == [3, 4]


# ---- nobody takes it


def going_on(call: Call) -> list[tuple[Lack, float]]:
    """Let a call go on as another one whenever it may; returns why and when."""
    asked: list[tuple[Lack, float]] = []

    def not_taken(lack: Lack, now: float) -> Effects:
        asked.append((lack, now))
        call.call.context.hand_on()
        return NOTHING

    call.call.not_taken = not_taken
    return asked


def test_what_becomes_of_a_call_that_nobody_came_for_is_said_once() -> None:
    call = Call()
    asked = going_on(call)
    call.start(a=WAKE)
    call.run(TIMING.wake + 1)
    assert (asked, call.said, ends(call)) == ([(Lack.SILENCE, TIMING.wake)], [], [CallEnd.NO_WAKE])
    assert call.pushed_to(Kind.MISSED) == ["a"]
    call.woken("a", flow(2))
    assert call.sent == [], "the call has gone on"


def test_a_call_without_phones_is_one_that_nobody_came_for() -> None:
    call = Call()
    call.call.not_taken = lambda *_: call.call.context.redirect(())
    call.start()
    assert (call.said, ends(call)) == ([302], [CallEnd.NO_WAKE])
    assert (call.entry.outcome, call.entry.status) == (Entry.NO_WAKE, 302)


def test_a_call_goes_on_when_its_last_phone_is_busy() -> None:
    call = Call()
    asked = going_on(call)
    call.start(a=RING, b=RING, c=WAKE)
    call.answer("a", 486)
    call.answer("b", 480)
    assert asked == []
    call.run(TIMING.wake)
    assert asked == [(Lack.BUSY, TIMING.wake)]
    assert (call.said, ends(call), call.call.get_timer()) == ([], [CallEnd.DECLINED], None)


def test_a_call_that_is_busy_everywhere_goes_on_at_once() -> None:
    call = Call()
    asked = going_on(call)
    call.start(a=RING, b=WAKE)
    call.answer("a", 600)
    assert [lack for lack, _ in asked] == [Lack.BUSY]
    call.woken("b", flow(2))
    assert [device for device, _ in call.sent] == ["a"]


def test_one_that_was_declined_for_all_does_not() -> None:
    call = Call()
    asked = going_on(call)
    call.start(a=RING, b=WAKE)
    call.answer("a", 603)
    assert (asked, call.finals) == ([], [603])


def test_a_call_that_nobody_answers_goes_on_when_its_phones_ring_no_more() -> None:
    """Until a phone has confirmed its CANCEL, somebody may just have answered it."""
    call = Call()
    asked = going_on(call)
    call.start(a=RING)
    call.answer("a", 180)
    call.run(TIMING.ring + 1)
    assert (asked, call.cancelled) == ([], [branch("a")])
    call.answer("a", 487)
    assert (asked, ends(call)) == ([(Lack.NO_ANSWER, TIMING.ring + 1)], [CallEnd.NO_ANSWER])


def test_a_2xx_that_crosses_the_cancel_keeps_the_call_here() -> None:
    call = Call()
    asked = going_on(call)
    call.start(a=RING)
    call.answer("a", 180)
    call.run(TIMING.ring + 1)
    call.answer("a", 200)
    assert (asked, call.finals) == ([], [200])


def test_who_hangs_up_goes_nowhere() -> None:
    call = Call()
    asked = going_on(call)
    call.start(a=RING)
    call.answer("a", 180)
    call.cancel()
    call.answer("a", 486)
    assert (asked, call.finals) == ([], [487])


@pytest.mark.parametrize(
    ("status", "outcome"), [(486, Entry.FORWARDED), (600, Entry.FORWARDED), (480, Entry.NO_WAKE), (0, Entry.NO_WAKE)]
)
def test_a_call_that_has_gone_on_is_missed_unless_its_phones_were_busy(status: int, outcome: Entry) -> None:
    """It says no status: what its caller hears comes from elsewhere."""
    call = Call()
    going_on(call)
    call.start(**({"a": RING} if status else {}))
    if status:
        call.answer("a", status)
    assert (call.entry.outcome, call.entry.status) == (outcome, 0)


def test_what_is_said_after_all_is_the_phones_own_word() -> None:
    call = Call()
    call.start(a=RING)
    call.answer("a", 486)
    assert (call.finals, call.entry.outcome, call.entry.status) == ([486], Entry.DECLINED, 486)


def test_a_phone_is_being_woken_until_it_comes() -> None:
    call = Call()
    seen = [call.call.is_waking]
    call.start(a=WAKE)
    seen.append(call.call.is_waking)
    call.woken("a", flow(2))
    seen.append(call.call.is_waking)
    assert seen == [False, True, False]


def test_no_phone_is_being_woken_once_the_caller_has_hung_up() -> None:
    call = Call()
    call.start(a=WAKE)
    call.cancel()
    assert not call.call.is_waking


def test_a_phone_that_is_awake_is_not_being_woken() -> None:
    call = Call()
    call.start(a=RING)
    assert not call.call.is_waking


def test_a_call_knows_when_its_phones_began_to_be_waited_for() -> None:
    call = Call()
    call.now = 3.0
    call.start(a=WAKE)
    assert call.call.started_at == 3.0
