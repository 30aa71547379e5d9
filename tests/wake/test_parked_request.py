"""Claims about a request that is no call: it goes to who is awake, or waits for who is woken, and ends once."""

from __future__ import annotations

from typing import Any

import pytest
from tests.proxy.fork import Fork, branch, said
from tests.support.sip_messages import received_response
from tests.wake.phones import SEAL, WALL, account, app, binding, flow, iphone, push_to, voip_only, wall

from ringwake.model.binding import Binding
from ringwake.model.effects import AbandonBranch, CancelBranch, Effects, Forward, Note, Persist, SendPush
from ringwake.model.events import Happened
from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Unreachable, Unregistered
from ringwake.model.token_ops import ForgetToken
from ringwake.proxy.routing import Hop, forward
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import Failure
from ringwake.wake.announcement import announcement
from ringwake.wake.budget import Budget
from ringwake.wake.call_pushes import Errand
from ringwake.wake.means import Means, Timing
from ringwake.wake.parked_request import ParkedRequest
from ringwake.wake.plan import Action, Target

WAIT = 10.0


class Parked:
    """One request to alice's phones, and all that came of it."""

    def __init__(self, method: str = "BYE", *, lapse: int = 504, only: str = "") -> None:
        fork = Fork(method, lapse=lapse)
        self.context = fork.context
        self.budget = Budget(window=20.0)
        self.owner = ParkedRequest(
            Errand(id="r1", trace="t", kind=Kind.WAKE, wake_until=WALL + WAIT, only=only),
            self.context,
            announcement(fork.request, account(), seal=SEAL, find_app=lambda _: app()),
            compose=lambda to: forward(fork.request, Hop(flow=to.flow, branch=branch(to.id))),
            means=Means(timing=Timing(), budget=self.budget, wall=wall, jitter=lambda: 0.5),
        )
        self.now = 0.0
        self.sent: list[tuple[str, Flow]] = []
        self.requests: dict[str, Request] = {}
        self.pushes: list[tuple[float, str, Push]] = []
        self.said: list[int] = []
        self.others: list[object] = []

    def start(self, *targets: Target) -> None:
        self.perform(self.owner.start(targets, self.now))

    def woken(self, to: Binding) -> None:
        self.perform(self.owner.woken(to, self.now))

    def answer(self, device: str, status: int) -> None:
        answered = received_response(reply(self.requests[device], status, to_tag=device).encode())
        self.perform(self.owner.response(branch(device), answered, self.now))

    def failed(self, device: str, failure: Failure) -> None:
        self.perform(self.owner.failed(branch(device), failure, self.now))

    def pushed(self, outcome: Outcome, device: str = "a") -> None:
        self.perform(self.owner.pushed(device, outcome, self.now))

    def run(self, until: float) -> None:
        while (at := self.owner.get_timer()) is not None and at <= until:
            self.now = max(self.now, at)
            self.perform(self.owner.handle_timer(self.now))
            due = self.owner.get_timer()
            assert due is None or due > self.now, "what was due is done"
        self.now = until

    def perform(self, effects: Effects) -> None:
        self.said += said(effects)
        for effect in effects:
            match effect:
                case Forward():
                    device = effect.request.via.branch.rpartition("-")[2]
                    self.requests[device] = effect.request
                    self.sent.append((device, effect.flow))
                case SendPush():
                    assert effect.owner == "r1"
                    self.pushes.append((self.now, effect.binding, effect.push))
                case Persist() | AbandonBranch() | CancelBranch():
                    self.others.append(effect)
                case Note():
                    self.others.append(effect.event.what)
                case _:
                    pass

    @property
    def pushed_to(self) -> list[str]:
        return [device for _, device, _ in self.pushes]


def awake(device: str = "a", **changes: Any) -> Target:
    return Target(binding(device, **changes), Action.RING)


def asleep(device: str = "a", **changes: Any) -> Target:
    return Target(binding(device, **changes), Action.WAKE)


def test_a_phone_that_is_awake_gets_it_at_once_and_no_push() -> None:
    parked = Parked()
    parked.start(awake())
    parked.answer("a", 200)
    parked.run(60.0)
    assert (parked.sent, parked.pushes, parked.said) == ([("a", flow())], [], [200])
    assert (parked.owner.is_settled, parked.owner.get_timer()) == (True, None)


def test_a_phone_that_sleeps_is_pushed_to_and_gets_it_when_it_has_registered() -> None:
    parked = Parked()
    parked.start(asleep())
    assert (parked.sent, parked.pushed_to) == ([], ["a"])
    (_, _, push) = parked.pushes[0]
    assert (push.notice.kind, push.notice.alert, push.expires_at) == (Kind.WAKE, None, WALL + WAIT)
    parked.pushed(Accepted("1"))
    parked.run(2.0)
    parked.woken(binding("a", flow=flow(2)))
    assert parked.sent == [("a", flow(2))]
    parked.answer("a", 200)
    parked.run(60.0)
    assert (parked.said, parked.pushed_to) == ([200], ["a"])


def test_while_one_is_awake_nobody_is_woken() -> None:
    parked = Parked("NOTIFY", lapse=480)
    parked.start(awake("a"), asleep("b"))
    parked.answer("a", 486)
    assert (parked.said, parked.pushes) == ([486], [])


@pytest.mark.parametrize(("lapse", "method"), [(504, "BYE"), (480, "NOTIFY")])
def test_when_no_phone_comes_the_sender_hears_so_in_time(lapse: int, method: str) -> None:  # N10, L9
    parked = Parked(method, lapse=lapse)
    parked.start(asleep())
    parked.pushed(Accepted("1"))
    parked.run(WAIT - 0.01)
    assert parked.said == []
    parked.run(WAIT)
    assert parked.said == [lapse]
    parked.woken(binding("a", flow=flow(2)))
    assert parked.sent == [], "it came too late"


def test_without_anybody_to_wait_for_it_ends_at_once() -> None:
    parked = Parked()
    parked.start(Target(binding(), Action.SKIP))
    assert (parked.said, parked.owner.get_timer()) == ([504], None)


def test_a_phone_that_seems_awake_and_says_nothing_is_pushed_to_after_a_second() -> None:
    parked = Parked()
    parked.start(awake())
    parked.run(0.99)
    assert parked.pushes == []
    parked.run(1.0)
    assert parked.pushed_to == ["a"]
    parked.pushed(Accepted("1"))
    parked.woken(binding("a", flow=flow(2)))
    assert parked.sent == [("a", flow(1)), ("a", flow(2))], "its old flow was dead"
    parked.answer("a", 200)
    assert parked.said == [200]


def test_a_register_down_the_same_flow_brings_no_second_copy() -> None:
    parked = Parked()
    parked.start(awake())
    parked.run(1.0)
    parked.woken(binding("a"))
    parked.run(30.0)
    assert (parked.sent, parked.pushed_to) == ([("a", flow())], ["a"])


def test_a_phone_that_has_answered_gets_no_second_copy_when_it_moves() -> None:
    parked = Parked("INVITE")
    parked.start(awake())
    parked.answer("a", 180)
    parked.woken(binding("a", flow=flow(2)))
    assert parked.sent == [("a", flow())]


def test_a_phone_without_a_token_is_not_probed() -> None:
    parked = Parked()
    parked.start(awake(push=None))
    parked.run(20.0)
    assert (parked.pushes, parked.said) == ([], [])
    parked.failed("a", Failure.TIMEOUT)
    assert parked.said == [504]


def test_a_flow_that_breaks_wakes_its_phone() -> None:
    parked = Parked()
    parked.start(awake())
    parked.failed("a", Failure.TRANSPORT)
    assert (parked.said, parked.pushed_to) == ([], ["a"])
    parked.woken(binding("a", flow=flow(2)))
    assert parked.sent == [("a", flow(1)), ("a", flow(2))]
    parked.now = WAIT
    parked.failed("a", Failure.TRANSPORT)
    assert parked.said == [504], "there is no time left"


def test_only_the_phone_that_is_meant_gets_it() -> None:  # L8, A5
    parked = Parked(only="a")
    parked.start(asleep("a"))
    parked.woken(binding("b", flow=flow(2)))
    assert parked.sent == []
    parked.woken(binding("a2", first="a", flow=flow(3)))
    assert parked.sent == [("a2", flow(3))]


def test_any_phone_that_comes_meanwhile_gets_it_when_all_are_meant() -> None:
    parked = Parked("NOTIFY", lapse=480)
    parked.start(asleep("a"))
    parked.woken(binding("b", flow=flow(2)))
    parked.answer("b", 200)
    assert (parked.sent, parked.said) == ([("b", flow(2))], [200])
    parked.woken(binding("a", flow=flow(3)))
    assert parked.sent == [("b", flow(2))], "it is over"


@pytest.mark.parametrize("outcome", [Unregistered("gone"), Refused("BadTopic", 400)])
def test_a_push_that_cannot_get_through_ends_it(outcome: Outcome) -> None:  # N8
    parked = Parked()
    parked.start(asleep())
    parked.pushed(outcome)
    assert parked.said == [504]
    ops = [effect.op for effect in parked.others if isinstance(effect, Persist)]
    assert [type(op) for op in ops] == ([ForgetToken] if isinstance(outcome, Unregistered) else [])


def test_a_dead_token_of_a_phone_that_has_the_request_ends_nothing() -> None:
    parked = Parked()
    parked.start(awake())
    parked.run(1.0)
    parked.pushed(Unregistered("gone"))
    assert parked.said == []
    parked.answer("a", 200)
    assert parked.said == [200]


def test_a_provider_that_is_down_is_tried_again() -> None:
    parked = Parked()
    parked.start(asleep())
    parked.pushed(Unreachable("down"))
    parked.run(0.2)
    assert parked.pushed_to == ["a", "a"]
    assert len({push.notice.id for _, _, push in parked.pushes}) == 1, "it is the same push"


def test_what_the_provider_says_of_others_is_nothing_to_it() -> None:
    parked = Parked()
    parked.start(awake())
    parked.pushed(Accepted("1"))
    parked.pushed(Accepted("1"), "b")
    assert parked.others == []


def test_somebody_elses_wake_will_do() -> None:
    parked = Parked()
    assert parked.budget.take(push_to(iphone()), "other", 0.0) is None
    parked.start(asleep(push=iphone()))
    assert (parked.pushes, parked.others) == ([], [Happened.PUSH_SUPPRESSED])


def test_a_phone_that_may_not_be_pushed_to_for_this_is_only_waited_for() -> None:
    parked = Parked()
    parked.start(awake(push=voip_only()))
    parked.failed("a", Failure.TRANSPORT)
    parked.run(5.0)
    assert (parked.pushes, parked.said) == ([], [])
    parked.woken(binding("a", flow=flow(2)))
    assert parked.sent[-1] == ("a", flow(2))


def test_who_has_logged_out_is_pushed_to_no_more() -> None:
    parked = Parked()
    parked.start(asleep("a"), asleep("b"))
    parked.pushed(Unreachable("down"), "a")
    parked.pushed(Unreachable("down"), "b")
    parked.owner.left({"b"})
    parked.run(0.3)
    assert parked.pushed_to == ["a", "b", "b"]


def test_a_cancel_ends_the_wait() -> None:
    parked = Parked("INVITE")
    parked.start(asleep())
    parked.perform(parked.owner.cancel("", 1.0))
    assert (parked.said, parked.owner.get_timer()) == ([487], None)


def test_a_reinvite_that_rings_for_over_three_minutes_is_given_up() -> None:  # timer C
    parked = Parked("INVITE")
    parked.start(awake())
    parked.answer("a", 180)
    parked.run(200.0)
    assert [type(effect) for effect in parked.others] == [CancelBranch]


def test_responses_to_what_is_not_ours_change_nothing() -> None:
    parked = Parked()
    parked.start(awake())
    parked.perform(parked.owner.failed("z9hG4bK-other", Failure.TIMEOUT, 0.0))
    stray = received_response(reply(parked.requests["a"], 200, to_tag="x").encode())
    parked.perform(parked.owner.response("z9hG4bK-other", stray, 0.0))
    assert parked.said == []
