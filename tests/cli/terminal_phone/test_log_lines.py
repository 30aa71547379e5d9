"""What the log says."""

from __future__ import annotations

from typing import Any

import pytest
from tests.cli.terminal_phone.glass import fcm_push

from ringwake.cli.terminal.log_lines import log_line, push_line
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.notification import Notification


@pytest.mark.parametrize(
    ("what", "fields", "line"),
    [
        ("awake", {}, "The app is awake."),
        ("registered", {"expires": 60, "push": True}, "Registered."),
        ("registered", {"expires": 60, "push": False}, "Registered; the server does not push: stay awake."),
        ("wake failed", {"reason": "Connection refused"}, "Waking failed: Connection refused."),
        ("message", {"sender": "Boss", "text": "hello"}, "Boss: hello"),
        ("push again", {"kind": "call"}, ""),
    ],
)
def test_a_note_has_its_line(what: str, fields: dict[str, Any], line: str) -> None:
    assert log_line(PhoneNote(1.0, what, fields)) == line


def test_a_push_is_told_by_its_kind_and_text() -> None:
    assert push_line(fcm_push("refresh")) == "Push: refresh"
    assert push_line(fcm_push("call", body="Boss calling")) == "Push: call: Boss calling"
    assert push_line(Notification(kind="")) == "Push: unknown"
