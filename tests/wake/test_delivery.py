"""Claims about getting a push through: tried again inside the window, and never beyond what the answer allows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.wake.allowance import Suppressed
from ringwake.wake.delivery import JITTER, PATIENCE, PAUSES, SHARED_PAUSE, Delivery, Stage

MIDDLE = 0.5
"""The jitter that changes nothing."""
DOWN = Unreachable("down")


def delivery(until: float = 20.0, jitter: float = MIDDLE) -> Delivery:
    return Delivery(now=0.0, until=until, jitter=jitter)


def attempt(push: Delivery, outcome: Outcome, now: float) -> None:
    assert push.is_due(now)
    push.begin()
    assert (push.stage, push.next_at, push.is_due(now)) == (Stage.UNDER_WAY, None, False)
    push.outcome(outcome, now)


def test_the_first_attempt_is_due_at_once() -> None:
    push = delivery()
    assert (push.stage, push.next_at, push.attempts) == (Stage.WAITING, 0.0, 0)
    assert (push.is_due(-0.1), push.is_due(0.0)) == (False, True)


@pytest.mark.parametrize(
    ("outcome", "stage"),
    [
        (Accepted("1"), Stage.ACCEPTED),
        (Unregistered("Unregistered"), Stage.DEAD),
        (Refused("BadMessageId", 400), Stage.REFUSED),
        (Refused("PayloadTooLarge", 413), Stage.REFUSED),
    ],
)
def test_an_answer_about_this_push_is_the_last_one(outcome: Outcome, stage: Stage) -> None:
    push = delivery()
    attempt(push, outcome, 0.0)
    assert (push.stage, push.next_at, push.is_due(99.0)) == (stage, None, False)


@pytest.mark.parametrize("outcome", [DOWN, Refused("InvalidProviderToken", 403), Throttled("slow")])
def test_what_may_pass_is_tried_again_after_growing_pauses(outcome: Outcome) -> None:
    push, now, pauses = delivery(), 0.0, []
    while push.next_at is not None:
        pauses.append(push.next_at - now)
        now = push.next_at
        attempt(push, outcome, now)
    assert pauses[1:6] == pytest.approx([*PAUSES, PAUSES[-1]])
    assert (push.stage, push.attempts) == (Stage.STOPPED, 13)
    assert now <= 20.0


@pytest.mark.parametrize(
    ("retry_after", "next_at"),
    [(3.0, 3.0), (0.0, PAUSES[0]), (-1.0, PAUSES[0]), (20.0, 20.0), (20.1, None), (1e9, None), (None, PAUSES[0])],
)
def test_the_providers_own_pause_is_kept_up_to_the_end_of_the_call(
    retry_after: float | None, next_at: float | None
) -> None:
    push = delivery(jitter=MIDDLE if retry_after is None else 0.0)
    attempt(push, Throttled("TooManyRequests", retry_after), 0.0)
    assert push.next_at == (None if next_at is None else pytest.approx(next_at))
    assert push.stage is (Stage.STOPPED if next_at is None else Stage.WAITING)


@pytest.mark.parametrize(
    ("retry_after", "jitter", "next_at"),
    [(4.0, 0.0, 4.0), (4.0, 1.0, 5.0), (17.0, 1.0, 20.0), (20.0, 1.0, 20.0), (20.1, 0.0, None)],
)
def test_nobody_comes_back_before_the_providers_time_and_chance_makes_nobody_too_late(
    retry_after: float, jitter: float, next_at: float | None
) -> None:
    push = delivery(jitter=jitter)
    attempt(push, Throttled("TooManyRequests", retry_after), 0.0)
    assert push.next_at == (None if next_at is None else pytest.approx(next_at))


@given(jitter=st.floats(0, 1), until=st.floats(0, 60), took=st.lists(st.floats(0, 6), min_size=1, max_size=30))
@settings(derandomize=True, deadline=None)
def test_no_attempt_begins_after_the_end_and_pauses_are_spread_by_a_quarter(
    jitter: float, until: float, took: list[float]
) -> None:
    push, now = delivery(until, jitter), 0.0
    for number, seconds in enumerate(took):
        push.begin()
        now += seconds
        push.outcome(DOWN, now)
        if push.next_at is None:
            assert push.stage is Stage.STOPPED
            return
        pause = PAUSES[min(number, len(PAUSES) - 1)]
        assert (1 - JITTER) * pause <= push.next_at - now + 1e-9
        assert push.next_at - now <= (1 + JITTER) * pause + 1e-9
        assert push.next_at <= until
        now = push.next_at


def test_calls_do_not_retry_in_step() -> None:
    early, late = delivery(jitter=0.0), delivery(jitter=1.0)
    for push in (early, late):
        attempt(push, DOWN, 0.0)
    assert [early.next_at, late.next_at] == pytest.approx([0.15, 0.25])


def test_each_attempt_may_take_longer_than_the_one_before() -> None:
    push, seconds = delivery(), []
    for _ in range(4):
        seconds.append(push.patience)
        push.begin()
        push.outcome(DOWN, 0.0)
    assert seconds == [*PATIENCE, PATIENCE[-1]]


def held(reason: str, until: float = 60.0) -> Suppressed:
    return Suppressed(reason, until)


@pytest.mark.parametrize(("until", "looks_at"), [(10.2, 10.2), (10.0, 10.05), (9.0, 10.05), (99.0, 10.5)])
def test_it_looks_again_as_soon_as_it_may_go(until: float, looks_at: float) -> None:
    push = delivery()
    push.share(10.0, held("circuit_open", until))
    assert push.next_at == pytest.approx(looks_at)


def test_somebody_elses_wake_is_looked_at_again_later() -> None:
    push, seen = delivery(until=1.0), []
    for now in (0.0, 0.5, 1.0):
        push.share(now, held("single_flight"))
        seen.append((push.stage, push.next_at))
    assert seen == [(Stage.WAITING, SHARED_PAUSE), (Stage.WAITING, 1.0), (Stage.STOPPED, None)]
    assert push.attempts == 0


@pytest.mark.parametrize("outcome", [Accepted("1"), DOWN, Unregistered()])
def test_an_outcome_that_comes_after_the_stop_changes_nothing(outcome: Outcome) -> None:
    push = delivery()
    push.begin()
    push.stop()
    push.outcome(outcome, 1.0)
    assert (push.stage, push.next_at, push.is_due(99.0), push.attempts) == (Stage.STOPPED, None, False, 1)


def test_why_a_push_is_held_back_is_news_once() -> None:
    push = Delivery(now=0.0, until=20.0, jitter=0.5)
    reasons = ("single_flight", "single_flight", "phone_limit", "phone_limit")
    assert [push.share(at / 2, held(reason)) for at, reason in enumerate(reasons)] == [True, False, True, False]


def test_it_can_begin_anew_later() -> None:
    push = delivery()
    attempt(push, DOWN, 0.0)
    assert push.share(0.2, held("phone_limit"))
    push.begin_anew(100.0, 110.0)
    assert (push.stage, push.next_at, push.attempts) == (Stage.WAITING, 100.0, 0)
    assert not push.share(100.0, held("phone_limit")), "which is no news"
    push.begin_anew(110.0, 110.0)
    assert (push.stage, push.next_at) == (Stage.STOPPED, None)


def test_what_was_taken_is_sent_again_before_the_end_and_only_then() -> None:
    push = delivery()
    push.repeat(10.0)
    assert (push.next_at, push.is_repeat) == (0.0, False), "it has not even been sent"
    attempt(push, Accepted("1"), 0.0)
    push.repeat(20.0)
    assert (push.stage, push.next_at, push.is_repeat) == (Stage.ACCEPTED, None, False)
    push.repeat(10.0)
    assert (push.stage, push.next_at, push.attempts, push.is_repeat) == (Stage.WAITING, 10.0, 0, True)
    attempt(push, Accepted("2"), 10.0)
    push.stop()
    push.repeat(15.0)
    assert (push.stage, push.next_at) == (Stage.STOPPED, None)
