"""Claims about pings and about coming back (RFC 5626 sections 4.4 and 4.5)."""

from __future__ import annotations

import pytest

from ringwake.ua.keep_alive import ALL_FAILED_SECONDS, ping_pause, retry_pause


@pytest.mark.parametrize(
    ("flow_timer", "is_reliable", "on_battery", "shortest", "longest"),
    [
        (0, True, False, 95, 120),
        (0, True, True, 672, 840),
        (0, False, False, 24, 29),
        (0, False, True, 24, 29),
        (100, True, True, 80, 100),
        (100, False, False, 80, 100),
        (1, True, False, 0.8, 1),
    ],
)
def test_a_phone_pings_as_it_is_told_or_as_its_transport_needs(
    flow_timer: int, is_reliable: bool, on_battery: bool, shortest: float, longest: float
) -> None:  # O16
    pauses = [
        ping_pause(flow_timer=flow_timer, is_reliable=is_reliable, on_battery=on_battery, chance=chance)
        for chance in (0.0, 0.5, 1.0)
    ]
    assert pauses == pytest.approx([shortest, (shortest + longest) / 2, longest])


@pytest.mark.parametrize(
    ("failures", "base", "most"),
    [
        (0, 30.0, 0.0),
        (1, 30.0, 60.0),
        (2, 30.0, 120.0),
        (5, 30.0, 960.0),
        (6, 30.0, 1800.0),
        (10_000, 30.0, 1800.0),
        (1, 90.0, 180.0),
        (3, 0.5, 4.0),
    ],
)
def test_the_pause_doubles_with_each_failure_up_to_half_an_hour(failures: int, base: float, most: float) -> None:  # O17
    pauses = [retry_pause(failures, base=base, chance=chance) for chance in (0.0, 0.5, 1.0)]
    assert pauses == [most / 2, most * 0.75, most]
    assert ALL_FAILED_SECONDS == 30.0
