"""Claims about silent pushes: few, early, and never too close to the expiry that the phone was shown."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.wake.phones import android, browser, iphone, voip_only

from ringwake.model.push import PushTarget
from ringwake.wake.refresh import JITTER, RefreshPolicy

DAY, HOUR = 86400.0, 3600.0
POLICY = RefreshPolicy()
GRANT = 30 * DAY


@pytest.mark.parametrize(
    ("target", "first"), [(android(), 6.5 * DAY), (iphone(), 6.5 * DAY), (voip_only(), None), (browser(), None)]
)
def test_only_a_phone_that_may_get_a_silent_push_gets_one(target: PushTarget, first: float | None) -> None:
    assert POLICY.first(target, GRANT, 0.0) == first


@pytest.mark.parametrize(
    ("grant", "jitter", "first"),
    [
        (GRANT, 0.0, 7 * DAY - 12 * HOUR),
        (GRANT, 1.0, 7 * DAY - 12 * HOUR - JITTER * 12 * HOUR),
        (7 * DAY, 0.0, 7 * DAY - 12 * HOUR),
        # A shorter grant than the interval: a fifth of it.
        (2 * DAY, 0.0, 1.6 * DAY),
        (DAY, 1.0, 0.8 * DAY - JITTER * 0.2 * DAY),
        (HOUR, 0.0, 2880.0),
        # But never under 180 s.
        (900.0, 0.0, 720.0),
        (600.0, 0.0, 420.0),
        (300.0, 0.0, 120.0),
        (300.0, 1.0, 102.0),
        # There is no time that is early enough, and leaves the phone any sleep.
        (299.0, 0.0, None),
        (60.0, 0.0, None),
    ],
)
def test_the_first_one_leaves_room_for_more(grant: float, jitter: float, first: float | None) -> None:
    found = POLICY.first(android(), grant, jitter)
    assert found == (None if first is None else pytest.approx(first))


def test_a_laboratory_shortens_everything_at_once() -> None:
    """As `make demo` does: a grant of 20 seconds, and a wake after one and a half."""
    policy = RefreshPolicy(every=3.0, lead=1.5, last=4.0, least=20.0)
    assert policy.first(android(), 20.0, 0.0) == 1.5
    assert policy.first(android(), 4.0, 0.0) is None
    assert RefreshPolicy(every=3.0, lead=2.5).first(android(), 300.0, 0.0) == 1.5, "half of it is the longest lead"


def pushes(policy: RefreshPolicy, grant: float, jitter: float = 0.0, *, late: float = 0.0) -> list[float]:
    """Return when a phone that never answers is pushed to, each push `late` seconds after it was due."""
    at, sent = policy.first(android(), grant, jitter), []
    now = 0.0
    while at is not None:
        now += at + late
        sent.append(now)
        # Few: three in the lead of the first time, one each interval, and the last.
        assert len(sent) <= grant / policy.every + 5
        at = policy.next(len(sent), since=now, left=grant - now)
    return sent


def test_the_ladder_is_half_the_lead_then_a_third_of_it_then_weekly_then_the_last_try() -> None:
    first = 6.5 * DAY
    after_the_lead = first + 6 * HOUR + 4 * HOUR
    expected = [
        first,
        first + 6 * HOUR,
        after_the_lead,
        after_the_lead + 7 * DAY,
        after_the_lead + 14 * DAY,
        after_the_lead + 21 * DAY,
        GRANT - 180,
    ]
    assert pushes(POLICY, GRANT) == pytest.approx(expected)


def test_a_grant_of_an_hour_is_tried_twice_and_then_in_the_last_chance() -> None:
    assert pushes(POLICY, HOUR) == pytest.approx([2880.0, 3240.0, HOUR - 180.0])


@pytest.mark.parametrize("left", [180.0, 179.0, 0.0, -5.0])
def test_too_close_to_the_expiry_there_is_no_point_any_more(left: float) -> None:
    assert POLICY.next(1, since=GRANT - left, left=left) is None


@given(
    every=st.floats(DAY, 90 * DAY),
    lead=st.floats(1, 2 * DAY),
    last=st.floats(1, 600),
    grant=st.one_of(st.floats(1, HOUR), st.floats(1, 400 * DAY)),
    jitter=st.floats(0, 1),
    late=st.sampled_from([0.0, 1.0, 3 * HOUR, 2 * DAY]),
)
@settings(derandomize=True, deadline=None)
def test_no_push_is_ever_planned_later_than_the_last_try(
    every: float, lead: float, last: float, grant: float, jitter: float, late: float
) -> None:
    policy = RefreshPolicy(every=every, lead=lead, last=last)
    sent = pushes(policy, grant, jitter, late=late)
    assert all(at - late <= max(grant - last, 0.0) + 1e-6 for at in sent)
    assert sent == sorted(sent)
    assert (sent == []) == (grant <= last or grant < policy.least)
