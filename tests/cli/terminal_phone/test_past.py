"""The rows of the list of calls and messages."""

from __future__ import annotations

from datetime import UTC
from typing import Any

import pytest

from ringwake.cli.terminal.past import past_rows

CALL = {"id": "1", "kind": "call", "outcome": "no_answer", "unread": True, "name": "Boss", "at": 1795888800.0}


def _text(**changes: Any) -> str:
    (row,) = past_rows([{**CALL, **changes}], UTC)
    return row.text


def test_a_missed_call_says_when_what_and_who() -> None:
    (row,) = past_rows([CALL], UTC)
    assert (row.id, row.is_unread, row.text) == ("1", True, "● 28 Nov 18:00 missed    Boss")


def test_what_was_looked_at_has_no_mark() -> None:
    assert _text(unread=False) == "  28 Nov 18:00 missed    Boss"


@pytest.mark.parametrize("outcome", ["no_answer", "cancelled", "no_wake", "error"])
def test_a_call_that_nobody_took_is_missed_whatever_the_reason(outcome: str) -> None:
    assert _text(outcome=outcome).split()[-2] == "missed"


@pytest.mark.parametrize("outcome", ["answered", "declined", "forwarded", "silenced", "blocked"])
def test_another_call_is_told_by_its_outcome(outcome: str) -> None:
    assert _text(outcome=outcome).split()[-2] == outcome


@pytest.mark.parametrize(
    ("direction", "outcome", "word"),
    [
        ("in", "waiting", "message"),
        ("in", "delivered", "message"),
        ("out", "sent", "sent"),
        ("out", "waiting", "sending"),
        ("out", "refused", "not sent"),
        ("out", "expired", "not sent"),
    ],
)
def test_a_message_is_told_by_its_way(direction: str, outcome: str, word: str) -> None:
    assert f" {word} " in _text(kind="message", direction=direction, outcome=outcome)


def test_who_has_no_name_is_told_by_the_address() -> None:
    assert _text(name="", uri="sip:bob@example.com").endswith(" sip:bob@example.com")
    assert _text(name="").endswith(" unknown")


def test_text_of_the_wire_is_plain() -> None:
    assert _text(name="B\x1b[2J", outcome="\n").endswith("\\n        B\\x1b[2J")


@pytest.mark.parametrize("at", [None, "soon", 1e300, float("nan")])
def test_a_time_that_is_none_is_shown_as_such(at: Any) -> None:
    assert _text(at=at) == "● ?            missed    Boss"


def test_what_is_no_entry_is_left_out() -> None:
    assert past_rows([1, None, []], UTC) == []


def test_an_empty_entry_is_a_row() -> None:
    (row,) = past_rows([{}], UTC)
    assert row.text == "  ?            ?         unknown"
