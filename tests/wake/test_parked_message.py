"""Claims about the wakes for a stored message: each phone that sleeps is woken once, and none after it has come."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from tests.support.sip_messages import request
from tests.wake.phones import ANDROID_APP, AOR, SEAL, WALL, account, android, app, binding, iphone, voip_only, wall

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist, SendPush
from ringwake.model.events import Happened
from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Service, Throttled, Unreachable, Unregistered
from ringwake.model.stored_message import StoredMessage
from ringwake.model.token_ops import ForgetToken
from ringwake.wake.announcement import announcement
from ringwake.wake.budget import Budget
from ringwake.wake.means import Means, Timing
from ringwake.wake.outbox import delivery_call_id
from ringwake.wake.parked_message import PUSH_SECONDS, ParkedMessage
from ringwake.wake.token_guard import Word

DOWN = Unreachable("down")


class Sender:
    """A message that waits, and the pushes that it brought about."""

    def __init__(self, *, budget: Budget | None = None, name: str = "m1", seconds: float = 86400.0) -> None:
        self.budget = Budget(window=20.0) if budget is None else budget
        means = Means(timing=Timing(), budget=self.budget, wall=wall, jitter=lambda: 0.5)
        self.guard = means.guard
        message = StoredMessage(id=name, trace="t", aor=AOR, message=b"", received_at=WALL, expires_at=WALL + seconds)
        words = announcement(request("MESSAGE"), account(), seal=SEAL, find_app=lambda _: app())
        self.parked = ParkedMessage(message, words, means=means, seal=SEAL)
        self.pushes: list[tuple[float, Push]] = []
        self.noted: list[Happened] = []
        self.forgotten: list[ForgetToken] = []

    def start(self, *bindings: Binding, now: float = 0.0) -> None:
        self.perform(self.parked.start(bindings, now), now)

    def pushed(self, outcome: Outcome, now: float, device: str = "a") -> None:
        self.perform(self.parked.pushed(device, outcome, now), now)

    def run(self, until: float, answers: Iterable[Outcome] = ()) -> None:
        """Let time pass; each push is answered at once."""
        outcomes = iter(answers)
        while True:
            if (outcome := next(outcomes, None)) is not None:
                self.pushed(outcome, self.pushes[-1][0])
            at = self.parked.get_timer()
            if at is None or at > until:
                return
            self.perform(self.parked.handle_timer(at), at)

    def perform(self, effects: Effects, now: float) -> None:
        for effect in effects:
            match effect:
                case SendPush():
                    assert (effect.owner, effect.push.notice.kind) == (self.parked.message.id, Kind.MESSAGE)
                    assert effect.binding in ("a", "b", "i")
                    self.pushes.append((now, effect.push))
                case Note():
                    self.noted.append(effect.event.what)
                case Persist(op=ForgetToken() as op):
                    self.forgotten.append(op)
                case _:
                    raise AssertionError(effect)


def test_a_phone_that_logs_out_is_pushed_to_no_more() -> None:
    sender = Sender()
    sender.start(binding("a"), binding("b", push=android("b")))
    sender.pushed(DOWN, 0.0, "a")
    sender.pushed(DOWN, 0.0, "b")
    sender.parked.left(["b"])
    sender.run(0.5)
    assert [push.token.reveal() for _, push in sender.pushes] == ["token-of-a", "token-of-b", "token-of-b"]


def test_each_phone_that_sleeps_is_woken_once() -> None:
    sender = Sender()
    sender.start(binding("a"), binding("b", push=android("b")))
    assert [push.token.reveal() for _, push in sender.pushes] == ["token-of-a", "token-of-b"]
    sender.pushed(Accepted("1"), 0.1)
    sender.pushed(Accepted("2"), 0.1, "b")
    sender.run(1000.0)
    assert len(sender.pushes) == 2
    assert sender.noted == [*[Happened.PUSH_SENT] * 2, *[Happened.PUSH_ACCEPTED] * 2]
    assert sender.parked.is_settled


def test_after_a_restart_the_wake_may_begin_later_and_has_its_full_time_then() -> None:
    sender = Sender()
    sender.perform(sender.parked.start([binding("a")], 0.0, delay=30.0), 0.0)
    assert (sender.pushes, sender.parked.get_timer()) == ([], 30.0)
    sender.perform(sender.parked.handle_timer(30.0), 30.0)
    sender.run(1000.0, [DOWN] * 1000)
    assert sender.pushes[0][0] == 30.0
    assert 30.0 + PUSH_SECONDS - 3 < sender.pushes[-1][0] <= 30.0 + PUSH_SECONDS


def test_a_push_names_the_message_that_the_phone_will_get() -> None:
    sender = Sender()
    sender.start(binding("a"))
    ((_, push),) = sender.pushes
    assert push.notice.call_id == delivery_call_id(SEAL, sender.parked.message, "a")
    assert (push.expires_at, push.notice.seq) == (WALL + 86400.0, 0)
    assert push.notice.alert is not None
    assert push.notice.alert.body == "New message"


@pytest.mark.parametrize("failure", [DOWN, Throttled("slow"), Refused("InvalidProviderToken", 403)])
def test_a_push_that_failed_is_tried_again_for_two_minutes(failure: Outcome) -> None:
    sender = Sender()
    sender.start(binding("a"))
    sender.run(1000.0, [failure] * 1000)
    assert 50 < len(sender.pushes) < 70
    assert sender.pushes[-1][0] <= PUSH_SECONDS
    assert len({push.notice.id for _, push in sender.pushes}) == 1
    assert sender.parked.is_settled


def test_a_message_that_is_over_wakes_nobody_any_more() -> None:
    sender = Sender(seconds=5.0)
    sender.start(binding("a"))
    sender.run(1000.0, [DOWN] * 1000)
    assert sender.pushes[-1][0] <= 5.0
    assert sender.parked.is_settled


def test_a_push_that_got_through_after_all_is_the_last() -> None:
    sender = Sender()
    sender.start(binding("a"))
    sender.run(1000.0, [DOWN, DOWN, Accepted("1")])
    assert [at for at, _ in sender.pushes] == pytest.approx([0.0, 0.2, 0.7])
    assert sender.noted[-1] is Happened.PUSH_ACCEPTED


def test_a_push_that_was_taken_counts_for_the_guard() -> None:
    # Of 21 tokens in an hour it keeps the last one, unless hundreds of pushes were taken beside them.
    sender = Sender()
    sender.start(binding("a"))
    for _ in range(400):
        sender.pushed(Accepted("1"), 0.0)
    words = [sender.guard.judge(ANDROID_APP, f"d{number}", 60.0 * number) for number in range(21)]
    assert set(words) == {Word.FORGET}


@pytest.mark.parametrize(("outcome", "dead_at"), [(Unregistered("410"), WALL - 3600), (Unregistered("410", 7.0), 7.0)])
def test_a_token_that_is_dead_is_forgotten_as_of_its_registration(outcome: Unregistered, dead_at: float) -> None:
    sender = Sender()
    sender.start(binding("i", push=iphone()))
    sender.pushed(outcome, 0.1, "i")
    remote = iphone().tokens[1][1]
    is_timed = outcome.at is not None
    assert sender.forgotten == [
        ForgetToken(digest=remote.digest, dead_at=dead_at, is_timed=is_timed, service=Service.REMOTE)
    ]
    assert (sender.noted[-1], sender.parked.is_settled) == (Happened.PUSH_FAILED, True)


@pytest.mark.parametrize("outcome", [Refused("PayloadTooLarge", 413), Refused("BadMessageId", 400)])
def test_a_refusal_of_this_push_is_no_word_about_the_token(outcome: Outcome) -> None:
    sender = Sender()
    sender.start(binding("a"))
    sender.pushed(outcome, 0.1)
    assert (sender.forgotten, sender.parked.is_settled) == ([], True)


def test_a_phone_that_has_come_is_pushed_no_more() -> None:
    sender = Sender()
    sender.start(binding("a"))
    sender.pushed(DOWN, 0.1)
    sender.parked.woken("a")
    sender.parked.woken("a")
    assert sender.parked.is_settled
    sender.run(1000.0)
    assert len(sender.pushes) == 1
    assert sender.parked.pushed("a", Unregistered("410"), 5.0) == NOTHING, "its token may be another by now"


def test_two_messages_share_one_wake_until_it_fails() -> None:
    budget = Budget(window=20.0)
    first, second = Sender(budget=budget), Sender(budget=budget, name="m2")
    first.start(binding("a"))
    second.start(binding("a"), now=0.1)
    second.run(2.0)
    assert second.pushes == []
    first.pushed(Refused("PayloadTooLarge", 413), 2.0)
    second.run(3.0)
    assert len(second.pushes) == 1


@pytest.mark.parametrize("push", [None, voip_only()])
def test_a_phone_that_cannot_be_woken_is_left_alone(push: object) -> None:
    sender = Sender()
    sender.start(binding("a", push=push))
    assert (sender.pushes, sender.parked.is_settled) == ([], True)


def test_an_outcome_for_nobody_is_absorbed() -> None:
    assert Sender().parked.pushed("a", Accepted("1"), 1.0) == NOTHING


def test_a_phone_that_was_woken_too_often_is_woken_for_a_message_when_it_may() -> None:
    """Nothing is lost by that: the message is kept, and the next push or REGISTER brings it."""
    budget = Budget(window=20.0)
    for number in range(2):
        Sender(budget=budget, name=f"early {number}").start(binding("a"), now=float(number))
        budget.woke(android("a"))
    sender = Sender(budget=budget)
    sender.start(binding("a"), now=2.0)
    assert (sender.pushes, sender.noted) == ([], [Happened.PUSH_SUPPRESSED])
    sender.run(1000.0)
    assert [at for at, _ in sender.pushes] == [60.0]
    assert sender.noted == [Happened.PUSH_SUPPRESSED, Happened.PUSH_SENT]


def test_a_message_that_will_be_over_by_then_is_given_up() -> None:
    budget = Budget(window=20.0, wakes=1)
    Sender(budget=budget, name="early").start(binding("a"))
    budget.woke(android("a"))
    sender = Sender(budget=budget, seconds=30.0)
    sender.start(binding("a"), now=1.0)
    assert (sender.pushes, sender.parked.is_settled) == ([], True)


def test_the_timeline_says_that_another_wake_does_for_it() -> None:
    budget = Budget(window=20.0)
    first, second = Sender(budget=budget), Sender(budget=budget, name="m2")
    first.start(binding("a"))
    second.start(binding("a"), now=0.1)
    second.run(3.0)
    assert second.noted == [Happened.PUSH_SUPPRESSED], "however often it has looked again"


def test_it_knows_whom_it_will_still_wake() -> None:
    budget = Budget(window=20.0)
    Sender(budget=budget, name="early").start(binding("a"))
    sender = Sender(budget=budget)
    sender.start(binding("a2", first="a", push=android("a")), binding("b", push=android("b")), now=1.0)
    assert sender.parked.awaited == {"a"}, "it shares the wake of a; the push to b is under way"
