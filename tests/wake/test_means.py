"""Claims about what everything that waits works with."""

from __future__ import annotations

from ringwake.wake.budget import Budget
from ringwake.wake.means import Means, Timing


def test_a_call_is_over_before_the_callers_own_proxy_loses_patience() -> None:
    timing = Timing()
    assert timing.probe < timing.wake
    assert timing.wake + timing.ring < 180.0  # timer C of those before us (RFC 3261 section 16.6 step 11)


def test_time_and_chance_are_arguments() -> None:
    means = Means(timing=Timing(), budget=Budget(window=1.0), wall=lambda now: now + 5.0, jitter=lambda: 0.25)
    assert (means.wall(1.0), means.jitter()) == (6.0, 0.25)


def test_an_owner_may_say_how_long_phones_ring() -> None:
    means = Means(timing=Timing(), budget=Budget(window=1.0), wall=lambda now: now, jitter=lambda: 0.25)
    assert means.answering(None) is means
    shorter = means.answering(15.0)
    assert (shorter.timing.ring, shorter.timing.wake, means.timing.ring) == (15.0, 20.0, 60.0)
    assert shorter.budget is means.budget, "it is one for all calls"
