"""The alert in a terminal of 80 columns: nothing in it leaves the box."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwake.softphone.notification import Notification
from ringwake.softphone.screen import BELL, WIDEST, alert


def columns(line: str) -> int:
    """Count as terminals do: ideographs two, marks none."""
    marks = sum(1 for c in line if unicodedata.combining(c))
    wide = sum(1 for c in line if unicodedata.east_asian_width(c) in "WF" and not unicodedata.combining(c))
    return len(line) - marks + wide


CALL = {"kind": "call", "text": "Boss calling", "actions": ("Accept", "Reject")}


def test_a_call_is_a_box_with_both_buttons_and_a_bell() -> None:
    shown = alert(Notification(**CALL, sound="default"))  # type: ignore[arg-type]  # one dict for all tests
    assert shown == (
        f"{BELL}┌─────────────────────────┐\n"
        "│ Boss calling            │\n"
        "│ [a] Accept   [r] Reject │\n"
        "└─────────────────────────┘"
    )


def test_title_and_badge_are_shown_where_there_are_some() -> None:
    shown = alert(Notification(kind="message", title="alice", text="Message from Boss", badge=3))
    assert shown.splitlines()[1:3] == ["│ alice                  │", "│ Message from Boss  (3) │"]
    assert BELL not in shown


def test_an_unknown_button_is_shown_by_its_name() -> None:
    assert "│ Snooze │" in alert(Notification(kind="call", text="Boss", actions=("Snooze",)))


def test_nothing_to_see_is_no_box() -> None:
    assert alert(Notification(kind="refresh")) == ""


@pytest.mark.parametrize(
    "name",
    ["x" * 500, "電話" * 40, "e\u0301" * 80, "\x1b[2J\r\nrm -rf", "a\u202eb"],
    ids=["long", "wide", "marks", "cursor", "bidi"],
)
def test_a_strange_name_stays_in_its_box(name: str) -> None:
    lines = alert(Notification(kind="call", title=name, text=f"{name} calling", badge=12)).splitlines()
    assert len(lines) == 4
    assert all(line.isprintable() for line in lines)
    assert "(12)" in lines[2]
    assert len({columns(line) for line in lines}) == 1
    assert columns(lines[0]) <= WIDEST + 4


def test_wide_characters_take_two_columns_and_marks_none() -> None:
    assert alert(Notification(kind="call", text="電話")).splitlines()[0] == "┌──────┐"
    assert alert(Notification(kind="call", text="e\u0301e\u0301")).splitlines()[0] == "┌────┐"


def test_a_text_that_just_fits_is_not_cut() -> None:
    assert "…" not in alert(Notification(kind="call", text="x" * WIDEST))
    assert alert(Notification(kind="call", text="x" * (WIDEST + 1))).count("x") == WIDEST - 1


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=300), st.integers(1, 99))
def test_no_box_is_wider_than_the_terminal(text: str, badge: int) -> None:
    lines = alert(Notification(kind="message", title="x", text=text or "-", badge=badge)).split("\n")
    assert len(lines) == 4
    assert {columns(line) for line in lines} == {columns(lines[0])}
    assert columns(lines[0]) <= WIDEST + 4
