"""Names that services give pushes."""

from __future__ import annotations

import pytest

from ringwake.push.message_id import message_id


@pytest.mark.parametrize("text", ["projects/p/messages/0:15", "E59F5F1C-0A3B", "x" * 200])
def test_a_name_is_shown(text: str) -> None:
    assert message_id(text) == text


@pytest.mark.parametrize("text", ["", "x" * 201, "a b", "a\nb", "\x1b[2J", "na\u00efve", "a\u2028b"])
def test_what_could_do_harm_on_a_screen_is_none(text: str) -> None:
    assert message_id(text) == ""
