"""Claims about time zones: found by their names, without a fault for any text."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from ringwake.app.system import zone_of


def test_a_zone_is_found_by_its_name() -> None:
    summer = datetime(2027, 7, 1, tzinfo=zone_of("Australia/Lord_Howe"))
    assert summer.utcoffset() == timedelta(hours=10, minutes=30)


@pytest.mark.parametrize("name", ["", "Europe", "Europe/Atlantis", "../zoneinfo/UTC", "/etc/passwd", "\0", "a" * 5000])
def test_where_there_is_no_such_zone_it_is_utc(name: str) -> None:
    assert zone_of(name) is UTC
