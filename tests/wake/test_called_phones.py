"""Claims about whose turn it is in a call: a phone is neither called nor woken before its own."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.proxy.fork import branch
from tests.wake.calling import TIMING, Call
from tests.wake.phones import WALL, android, binding, flow

from ringwake.model.call import CallEnd
from ringwake.model.events import Happened
from ringwake.model.push import Accepted, Kind, Unregistered
from ringwake.model.store_ops import Finish, Invite
from ringwake.sip.flow import Transport
from ringwake.sip.transactions.events import Failure
from ringwake.wake.called_phones import MOST_SECONDS
from ringwake.wake.means import Timing
from ringwake.wake.plan import Action, Target

RING, WAKE, SKIP = Action.RING, Action.WAKE, Action.SKIP
FLOWS = {device: flow(number) for number, device in enumerate("abcde", 1)}


def later(device: str, action: Action, after: float, *, has_push: bool = True) -> Target:
    """Return a phone whose turn comes after so many seconds."""
    push = android(device) if has_push else None
    return Target(binding(device, flow=FLOWS[device], push=push), action, ring_after=after)


def calling(*targets: Target, timing: Timing = TIMING) -> Call:
    call = Call(timing=timing)
    call.start_with(targets)
    return call


def sent(call: Call) -> list[str]:
    return [device for device, _ in call.sent]


def ringing(call: Call, device: str) -> None:
    call.answer(device, 180)


# ---- turns


def test_a_phone_rings_in_its_turn() -> None:
    call = calling(later("a", RING, 0), later("b", RING, 15))
    ringing(call, "a")
    call.run(14.9)
    assert (sent(call), call.call.get_timer()) == (["a"], 15.0)
    call.run(15.0)
    assert sent(call) == ["a", "b"]
    assert [op for op in call.ops if isinstance(op, Invite)] == [
        Invite(call="c1", bindings=("a",)),
        Invite(call="c1", bindings=("b",)),
    ]


def test_a_phone_that_sleeps_is_not_woken_before_its_turn() -> None:
    call = calling(later("a", RING, 0), later("b", WAKE, 15))
    ringing(call, "a")
    call.run(14.9)
    assert call.pushed_to() == []
    call.run(15.0)
    assert [(at, device) for at, device, _ in call.pushes] == [(15.0, "b")]


def test_from_its_turn_on_a_phone_has_as_long_to_wake_as_any() -> None:
    """And the push says so."""
    call = calling(later("a", RING, 0), later("b", WAKE, 15))
    ringing(call, "a")
    call.run(34.9)
    ((_, _, push),) = call.pushes
    assert (push.notice.deadline_ms, push.expires_at) == (TIMING.wake * 1000, WALL + 15 + TIMING.wake)
    call.woken("b", flow(9))
    assert sent(call) == ["a", "b"]


def test_a_phone_that_does_not_come_in_its_turn_is_given_up() -> None:
    call = calling(later("b", WAKE, 0), later("c", WAKE, 15))
    call.run(34.9)
    assert (call.pushed_to(), call.finals) == (["b", "c"], [])
    call.run(35.0)
    assert call.finals == [480]
    assert call.pushed_to(Kind.MISSED) == ["b", "c"]


def test_a_phone_has_no_longer_to_wake_because_others_come_later() -> None:
    call = calling(later("a", WAKE, 0), later("b", RING, 40))
    call.run(TIMING.wake)
    assert [(device, call.now) for device in sent(call)] == [("b", TIMING.wake)], "its turn comes at once"


def test_a_phone_rings_as_long_as_any_though_it_begins_later() -> None:
    call = calling(later("a", RING, 0), later("b", RING, 15))
    ringing(call, "a")
    call.run(15)
    ringing(call, "b")
    call.run(TIMING.ring)
    assert call.cancelled == [branch("a")]
    call.answer("a", 487)
    call.run(TIMING.ring + 15)
    assert call.cancelled == [branch("a"), branch("b")]
    assert call.finals == []
    call.answer("b", 487)
    assert call.finals == [480]


def test_a_call_that_is_answered_reaches_nobody_else() -> None:
    call = calling(later("a", RING, 0), later("b", RING, 5), later("c", WAKE, 10))
    call.answer("a", 200)
    call.run(60)
    assert (sent(call), call.pushed_to(), call.call.get_timer()) == (["a"], [], None)
    assert call.pushed_to(Kind.ELSEWHERE) == [], "nobody was woken, so nobody is told"
    assert call.call.is_settled


@pytest.mark.parametrize("status", [600, 603])
def test_who_declines_for_all_ends_it_for_those_whose_turn_has_not_come(status: int) -> None:
    call = calling(later("a", RING, 0), later("b", RING, 5))
    call.answer("a", status)
    call.run(60)
    assert (sent(call), call.finals) == (["a"], [status])


def test_so_does_a_caller_who_hangs_up() -> None:
    call = calling(later("a", RING, 0), later("b", WAKE, 5))
    ringing(call, "a")
    call.cancel()
    call.answer("a", 487)
    call.run(60)
    assert (sent(call), call.pushed_to(), call.finals) == (["a"], [], [487])
    assert not [kind for _, _, push in call.pushes if (kind := push.notice.kind)]


# ---- sooner


def test_the_next_turn_comes_at_once_when_all_before_have_failed() -> None:
    call = calling(later("a", RING, 0), later("b", RING, 15), later("c", RING, 30))
    call.now = 2.0
    call.answer("a", 486)
    assert sent(call) == ["a", "b"]
    ringing(call, "b")
    call.run(16.9)
    assert sent(call) == ["a", "b"]
    call.run(17.0)
    assert sent(call) == ["a", "b", "c"], "the one after it does not wait longer than for that"


def test_it_does_not_while_one_of_them_may_still_answer() -> None:
    call = calling(later("a", RING, 0), later("b", WAKE, 0), later("c", RING, 15))
    call.answer("a", 486)
    assert sent(call) == ["a"]
    call.pushed("b", Unregistered("410"))
    assert sent(call) == ["a", "c"]


def test_each_that_fails_hands_on_to_the_next_and_the_last_word_is_the_callers() -> None:
    call = calling(later("a", RING, 0), later("b", RING, 15), later("c", RING, 30))
    for device in "abc":
        assert call.finals == []
        call.answer(device, 486)
    assert (sent(call), call.finals) == (["a", "b", "c"], [486])
    assert len([op for op in call.ops if isinstance(op, Finish)]) == 1


def test_nobody_waits_for_phones_that_are_not_there() -> None:
    call = calling(later("a", SKIP, 0), later("b", RING, 15))
    assert sent(call) == ["b"]


# ---- what happens before the turn


def test_a_phone_that_registers_before_its_turn_rings_in_its_turn() -> None:
    call = calling(later("a", RING, 0), later("b", WAKE, 15))
    ringing(call, "a")
    call.now = 3.0
    call.woken("b", flow(9))
    assert sent(call) == ["a"]
    call.run(15.0)
    assert call.sent[1:] == [("b", flow(9))]
    assert call.pushed_to() == []


def test_one_that_has_gone_again_by_then_is_woken() -> None:
    call = calling(later("a", RING, 0), later("b", RING, 15))
    ringing(call, "a")
    call.run(15.0)
    call.failed("b", Failure.TRANSPORT)
    assert call.pushed_to() == ["b"]
    call.woken("b", flow(9))
    assert call.sent[-1] == ("b", flow(9))


def test_one_that_has_logged_out_gets_nothing_in_its_turn() -> None:
    call = calling(later("a", RING, 0), later("b", RING, 15))
    ringing(call, "a")
    call.call.left({"a"})
    call.run(15.0)
    assert (sent(call), call.pushed_to()) == (["a"], [])
    call.woken("b", flow(9))
    assert sent(call) == ["a", "b"], "it has registered anew"


def test_one_that_has_declined_has_no_turn() -> None:
    call = calling(later("a", RING, 0), later("b", WAKE, 15))
    ringing(call, "a")
    call.perform(call.call.decline("b", 486, 1.0))
    call.run(16.0)
    assert call.pushed_to() == []


def test_a_phone_that_nobody_had_planned_with_joins_in_at_once() -> None:
    call = calling(later("a", RING, 0), later("b", WAKE, 15))
    ringing(call, "a")
    call.now = 3.0
    call.woken("c", flow(3))
    assert sent(call) == ["a", "c"]


# ---- the end of all


def test_a_call_rings_no_longer_than_proxies_on_the_way_have_patience() -> None:
    """Whoever comes last rings as long as that, and whose turn would come later has none."""
    turns = {"a": 0.0, "b": 50.0, "c": 100.0, "d": 150.0, "e": MOST_SECONDS}
    call = calling(*(later(device, RING, at) for device, at in turns.items()))
    for device, at in turns.items():
        call.run(at)
        if device in sent(call):
            ringing(call, device)
    assert sent(call) == ["a", "b", "c", "d"]
    assert call.cancelled == [branch(device) for device in "abcd"]
    for device in "abcd":
        call.answer(device, 487)
    assert (call.finals, call.call.get_timer()) == ([480], None)


def test_one_without_turns_rings_as_long_as_it_is_meant_to() -> None:
    call = calling(later("a", WAKE, 0), timing=Timing(wake=170.0, ring=60.0))
    call.now = 169.0
    call.woken("a", flow(9))
    ringing(call, "a")
    call.run(228.9)
    assert call.cancelled == []
    call.run(229.0)
    assert call.cancelled == [branch("a")]


def test_an_old_datagram_phone_is_probed_in_its_turn() -> None:
    call = calling(
        later("a", RING, 0),
        Target(binding("b", flow=flow(5, Transport.UDP)), RING, ring_after=15.0),
    )
    ringing(call, "a")
    call.run(15.0 + TIMING.probe)
    assert call.pushed_to() == ["b"]
    call.pushed("b", Accepted("1"))
    assert call.quieted == [branch("b")]


def test_further_flows_are_tried_in_its_turn() -> None:
    target = later("b", RING, 15)
    other = binding("m", flow=flow(8), first="b")
    call = calling(later("a", RING, 0), replace(target, others=(other,)))
    ringing(call, "a")
    call.run(15.0)
    call.failed("b", Failure.TRANSPORT)
    assert [down for _, down in call.sent] == [flow(1), flow(2), flow(8)]


def test_the_end_is_one_whatever_the_turns() -> None:
    call = calling(later("a", WAKE, 0), later("b", WAKE, 5), later("c", WAKE, 10))
    call.run(200)
    assert call.finals == [480]
    assert [op.end for op in call.ops if isinstance(op, Finish)] == [CallEnd.NO_WAKE]


# ---- a phone that comes again


def test_a_phone_that_has_refused_does_not_ring_again() -> None:
    call = calling(later("a", RING, 0), later("b", WAKE, 0))
    call.answer("a", 486)
    call.woken("a", flow(9))
    assert sent(call) == ["a"]


def test_a_phone_that_moves_while_it_rings_gains_no_time_by_that() -> None:
    call = calling(later("a", RING, 0))
    ringing(call, "a")
    call.run(30)
    call.woken("a", flow(9))
    call.failed("a", Failure.TRANSPORT)
    assert call.sent == [("a", flow(1)), ("a", flow(9))]
    ringing(call, "a")
    call.run(TIMING.ring)
    assert call.cancelled == [branch("a")]


def test_an_invite_that_was_quieted_is_sent_again_but_told_once() -> None:
    wire = flow(5, Transport.UDP)
    call = calling(Target(binding("b", flow=wire), RING))
    call.run(TIMING.probe)
    call.pushed("b", Accepted("1"))
    told = call.noted.count(Happened.INVITE_SENT)
    call.woken("b", wire)
    assert (sent(call), call.noted.count(Happened.INVITE_SENT)) == (["b", "b"], told)
