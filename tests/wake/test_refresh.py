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
        (2 * DAY, 0.0, 1.5 * DAY),  # a shorter grant: the lead stays
        (DAY, 0.0, 12 * HOUR),
        (2 * HOUR, 0.0, HOUR),  # half of it, when it is shorter than two leads
        (2 * HOUR, 1.0, 0.9 * HOUR),
        (300.0, 0.0, 120.0),
        (181.0, 0.0, 1.0),
        (180.0, 0.0, None),  # there is no time that is early enough
        (60.0, 0.0, None),
    ],
)
def test_the_first_one_leaves_room_for_more(grant: float, jitter: float, first: float | None) -> None:
    found = POLICY.first(android(), grant, jitter)
    assert found == (None if first is None else pytest.approx(first))


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
    assert (sent == []) == (grant <= last)
