"""When a connector dials again: at once, then slower and slower, and never all of them together."""

from __future__ import annotations

import pytest

from ringwake.connector.pauses import pause_after


@pytest.mark.parametrize(
    ("failures", "seconds"), [(0, 0.0), (1, 0.0), (2, 0.5), (3, 1.0), (4, 2.0), (5, 4.0), (6, 4.0), (10_000, 4.0)]
)
def test_the_first_retry_is_at_once_and_pauses_double_to_four_seconds(failures: int, seconds: float) -> None:
    assert pause_after(failures, 0.0) == seconds


def test_chance_takes_off_up_to_half() -> None:
    assert pause_after(8, 1.0) == 2.0
    assert pause_after(8, 0.5) == 3.0
