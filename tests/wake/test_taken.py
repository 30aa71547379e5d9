"""Claims about what a provider's word on a push leaves behind."""

from __future__ import annotations

import pytest
from tests.wake.phones import ANDROID_APP, binding, wall

from ringwake.model.effects import Effects, Note, Persist
from ringwake.model.events import Event, Happened
from ringwake.model.push import Accepted, Kind, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.model.token_ops import ForgetToken
from ringwake.wake.budget import Budget
from ringwake.wake.means import Means, Timing
from ringwake.wake.taken import Attempt, taken
from ringwake.wake.token_guard import Word

MEANS = Means(timing=Timing(), budget=Budget(window=20.0), wall=wall, jitter=lambda: 0.5)
ATTEMPT = Attempt(binding=binding("b", first="a"), kind=Kind.MISSED, trace="t")


def noted(effects: Effects) -> list[Event]:
    return [effect.event for effect in effects if isinstance(effect, Note)]


def test_a_push_that_was_taken_is_noted_with_the_providers_name_for_it() -> None:
    (event,) = noted(taken(ATTEMPT, Accepted("7"), MEANS, 1.0))
    assert (event.what, event.at, event.trace) == (Happened.PUSH_ACCEPTED, 1.0, "t")
    assert event.fields == {"device": "b", "id": "7"}


@pytest.mark.parametrize(
    ("outcome", "name"),
    [
        (Unreachable("down"), "unreachable"),
        (Throttled("down"), "throttled"),
        (Refused("down", 403), "refused"),
        (Unregistered("down"), "unregistered"),
    ],
)
def test_one_that_was_not_is_noted_with_the_reason(outcome: Outcome, name: str) -> None:
    (event,) = noted(taken(ATTEMPT, outcome, MEANS, 1.0))
    assert (event.what, event.trace) == (Happened.PUSH_FAILED, "t")
    assert event.fields == {"device": "b", "outcome": name, "reason": "down"}


def test_a_token_that_the_provider_calls_dead_is_forgotten() -> None:
    effects = taken(ATTEMPT, Unregistered("gone"), MEANS, 1.0)
    assert [type(effect.op) for effect in effects if isinstance(effect, Persist)] == [ForgetToken]


def test_a_push_that_was_taken_counts_for_the_guard() -> None:
    # Of 21 tokens in an hour it keeps the last one, unless hundreds of pushes were taken beside them.
    means = Means(timing=Timing(), budget=Budget(window=20.0), wall=wall, jitter=lambda: 0.5)
    for _ in range(400):
        taken(ATTEMPT, Accepted("7"), means, 0.0)
    assert {means.guard.judge(ANDROID_APP, f"d{number}", 60.0 * number) for number in range(21)} == {Word.FORGET}
