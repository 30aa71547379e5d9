"""How often an address may get its credentials wrong."""

from __future__ import annotations

import pytest

from ringwake.edge import limits
from ringwake.edge.limits import FailureLimit


def used_up(limit: FailureLimit, host: str, now: float, *, failures: int = 3) -> None:
    for _ in range(failures):
        assert limit.blocked_for(host, now) == 0.0
        limit.failed(host, now)


def test_an_address_is_turned_away_for_the_rest_of_its_window() -> None:
    limit = FailureLimit(failures=3, window=60.0)
    used_up(limit, "192.0.2.1", 100.0)
    assert limit.blocked_for("192.0.2.1", 110.0) == 50.0
    assert limit.blocked_for("192.0.2.1", 159.0) == 1.0
    assert limit.blocked_for("192.0.2.1", 160.0) == 0.0
    used_up(limit, "192.0.2.1", 160.0)
    assert limit.blocked_for("192.0.2.1", 160.0) == 60.0


def test_failures_of_an_earlier_window_count_for_nothing() -> None:
    limit = FailureLimit(failures=3, window=60.0)
    limit.failed("192.0.2.1", 0.0)
    limit.failed("192.0.2.1", 59.0)
    used_up(limit, "192.0.2.1", 60.0)


def test_another_address_is_welcome() -> None:
    limit = FailureLimit(failures=3)
    used_up(limit, "192.0.2.1", 0.0)
    assert limit.blocked_for("192.0.2.2", 0.0) == 0.0
    assert limit.blocked_for("2001:db8::1", 0.0) == 0.0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8::2"),
        ("2001:db8::1", "2001:db8:0:0:ffff:ffff:ffff:ffff"),
        ("2001:db8:1:2:3:4:5:6", "2001:DB8:1:2::"),
        ("fe80::1%eth0", "fe80::2%eth1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
    ],
)
def test_ipv6_counts_by_the_64_bits_that_a_subscriber_has(one: str, other: str) -> None:
    limit = FailureLimit(failures=3)
    used_up(limit, one, 0.0)
    assert limit.blocked_for(other, 0.0) > 0


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("2001:db8::1", "2001:db8:0:1::1"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.2"),
        ("2001:db8::1", "2001:db8:0:0:8000::1".replace("db8", "db9")),
        ("not:an:address", "not:one:either"),
    ],
)
def test_other_subscribers_are_welcome(one: str, other: str) -> None:
    limit = FailureLimit(failures=3)
    used_up(limit, one, 0.0)
    assert limit.blocked_for(other, 0.0) == 0.0


def test_the_memory_is_bounded_and_the_oldest_goes_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "_MOST_ADDRESSES", 3)
    limit = FailureLimit(failures=1)
    for number in range(4):
        limit.failed(f"192.0.2.{number}", 0.0)
    assert [limit.blocked_for(f"192.0.2.{number}", 0.0) > 0 for number in range(4)] == [False, True, True, True]
    limit.failed("192.0.2.1", 1.0)
    limit.failed("192.0.2.9", 1.0)
    assert limit.blocked_for("192.0.2.1", 1.0) > 0, "it was seen again"
    assert limit.blocked_for("192.0.2.2", 1.0) == 0.0
