"""Numbers rise, and go on behind those of an earlier life."""

from __future__ import annotations

from ringwake.store.serial import Serial


def test_numbers_rise() -> None:
    serial = Serial()
    assert [serial.next() for _ in range(3)] == [1, 2, 3]


def test_numbers_go_on_behind_the_highest_that_is_known() -> None:
    serial = Serial()
    for known in (7, 3):
        serial.note(known)
    assert serial.next() == 8
