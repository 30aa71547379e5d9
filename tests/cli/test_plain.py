"""What strangers wrote moves no cursor."""

from __future__ import annotations

import pytest

from ringwake.cli.plain import plain


@pytest.mark.parametrize("text", ["", "alice@example.com", "Zoë  rings 電話", "a\\b"])
def test_what_can_be_read_stays_as_it_is(text: str) -> None:
    assert plain(text) == text


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a\x1b[2Jb", "a\\x1b[2Jb"),
        ("a\r\nb\0", "a\\r\\nb\\x00"),
        ("\x9b2J\u2028", "\\x9b2J\\u2028"),
        ("\u202eabc", "\\u202eabc"),
        ("\udcff\U000e0001", "\\udcff\\U000e0001"),
    ],
)
def test_controls_line_breaks_and_reversed_writing_are_escaped(text: str, shown: str) -> None:
    assert plain(text) == shown
    assert shown.isprintable()
