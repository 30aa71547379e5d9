"""Claims about our own words for pushes: nobody takes them for a provider's."""

from __future__ import annotations

import pytest

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.wake.unsent import CLOSED, FAULT, IN_LINE, UNKNOWN_APP, in_line, is_ours


@pytest.mark.parametrize("word", sorted(IN_LINE))
def test_what_came_no_farther_than_the_line_is_looked_at_again(word: str) -> None:
    assert in_line(word) == Throttled(word, None)
    assert is_ours(in_line(word))


@pytest.mark.parametrize(
    "outcome",
    [
        Unreachable(CLOSED),
        Refused(UNKNOWN_APP, 403),
        Unreachable(f"{FAULT}: ValueError"),
        Refused("bad device token", 400, is_unsent=True),
    ],
)
def test_our_own_faults_are_ours(outcome: Outcome) -> None:
    assert is_ours(outcome)


@pytest.mark.parametrize(
    "outcome",
    [
        Accepted("closed"),
        Unregistered("Unregistered"),
        Throttled("TooManyRequests"),
        Unreachable("faulty"),
        Refused("", 403),
        Refused("BadDeviceToken", 400),
    ],
)
def test_what_a_provider_says_is_not(outcome: Outcome) -> None:
    assert not is_ours(outcome)
