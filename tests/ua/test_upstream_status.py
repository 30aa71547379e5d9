"""Claims about the sentence that says how an account stands at its PBX."""

from __future__ import annotations

import pytest

from ringwake.ua.upstream_status import ASKS_FOR_PASSWORD, Standing, UpstreamStatus
from ringwake.ua.upstream_table import State

GONE = "the PBX has not answered since {since}"


def clock(at: float) -> str:
    return f"<{at:.0f}>"


@pytest.mark.parametrize(
    ("standing", "sentence"),
    [
        (Standing(State.NONE, None), "not registered at the PBX"),
        (Standing(State.REGISTERING, None), "registering at the PBX"),
        (Standing(State.REGISTERED, 200.0), "registered at the PBX"),
        (Standing(State.REFRESHING, 200.0), "registered at the PBX"),
        (Standing(State.LEAVING, 200.0), "leaving the PBX"),
        (Standing(State.LEAVING, 50.0), "leaving the PBX"),
        (Standing(State.REFRESHING, 100.0), "the binding expired at the PBX at <100>"),
        (Standing(State.FAILED, None, GONE, 40.0), "the PBX has not answered since <40>"),
        (Standing(State.REGISTERING, None, GONE, 40.0), "the PBX has not answered since <40>"),
        (
            Standing(State.FAILED, 200.0, GONE, 40.0),
            "the PBX has not answered since <40>; the PBX keeps us until <200>",
        ),
        (
            Standing(State.FAILED, 60.0, GONE, 40.0),
            "the binding expired at the PBX at <60>: the PBX has not answered since <40>",
        ),
        (Standing(State.CHALLENGED, None), f"not registered at the PBX: {ASKS_FOR_PASSWORD}"),
        (
            Standing(State.CHALLENGED, 200.0),
            f"registered at the PBX until <200>, and not longer: {ASKS_FOR_PASSWORD}",
        ),
        (Standing(State.CHALLENGED, 100.0), f"the binding expired at the PBX at <100>: {ASKS_FOR_PASSWORD}"),
    ],
)
def test_each_standing_has_one_plain_sentence(standing: Standing, sentence: str) -> None:
    assert standing.sentence(100.0, clock) == sentence


def test_no_sentence_shows_its_blanks() -> None:
    for state in State:
        for until in (None, 50.0, 200.0):
            for trouble in ("", GONE):
                text = Standing(state, until, trouble, 40.0).sentence(100.0, clock)
                assert text
                assert "{" not in text


def test_a_status_is_a_value() -> None:
    first, second = (
        UpstreamStatus(state=State.NONE, sentence="", is_bound=False, expires=0, bound_until=None, next_at=None)
        for _ in range(2)
    )
    assert first == second
