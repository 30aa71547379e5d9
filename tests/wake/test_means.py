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
