"""One event is one line, whoever wrote what stands in it; and no line shows a secret."""

from __future__ import annotations

import json
import logging
import shlex
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from tests.observe.happenings import event

from ringwake.model.events import Happened
from ringwake.observe.log import NAME, EventLog, Lines, set_up
from ringwake.secret import Secret, Token

EPOCH = 1_800_000_000.0
DEBUG = {
    Happened.SIP_RECEIVED,
    Happened.SIP_SENT,
    Happened.FLOW_OPENED,
    Happened.FLOW_CLOSED,
    Happened.REQUEST_DROPPED,
    Happened.REGISTERED,
    Happened.PBX_REGISTERED,
    Happened.PBX_LEFT,
    Happened.WAKE_COUNTED,
}
WARNING = {
    Happened.PUSH_FAILED,
    Happened.CIRCUIT_OPENED,
    Happened.CREDENTIALS_BROKEN,
    Happened.TOKEN_FORGOTTEN,
    Happened.TOKEN_SUSPECT,
    Happened.TOKENS_RESTORED,
    Happened.TOKEN_SHARED,
    Happened.STORE_FAILED,
    Happened.PBX_LOST,
    Happened.PBX_REFUSED,
    Happened.PBX_GRANTED_LITTLE,
    Happened.PBX_ASKED_NOBODY,
}

ERROR = {Happened.FAULT, Happened.TOKEN_GUARD_TRIPPED}


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    root, own = logging.getLogger(), logging.getLogger(NAME)
    before = (root.handlers[:], root.level, own.level)
    yield
    root.handlers[:] = before[0]
    root.setLevel(before[1])
    own.setLevel(before[2])


class Written:
    """The log of a server, as it comes out of standard error."""

    def __init__(self, capsys: pytest.CaptureFixture[str], *, level: str = "debug", as_json: bool = True) -> None:
        set_up(level=level, as_json=as_json)
        self._capsys = capsys
        self.log = EventLog(wall=lambda at: EPOCH + at)

    def lines(self) -> list[str]:
        output = self._capsys.readouterr()
        assert output.out == "", "standard output belongs to the commands"
        return output.err.splitlines()

    def values(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.lines()]


def text_of(message: str, *, as_json: bool) -> str:
    record = logging.LogRecord("other", logging.WARNING, "f.py", 1, message, None, None)
    return Lines(as_json=as_json).format(record)


# ---- what a line says


def test_json_has_the_fields_of_the_event_under_their_names(capsys: pytest.CaptureFixture[str]) -> None:
    written = Written(capsys)
    written.log.note(event(Happened.PUSH_SENT, 1.5, device="d1", token="fcm:project:89abcdef", attempt=1, more=None))
    assert written.values() == [
        {
            "ts": "2027-01-15T08:00:01.500Z",
            "level": "info",
            "event": "push_sent",
            "trace": "0123456789ab",
            "device": "d1",
            "token": "fcm:project:89abcdef",
            "attempt": 1,
            "more": None,
        }
    ]


def test_text_is_for_people_and_leaves_out_what_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    written = Written(capsys, as_json=False)
    written.log.note(event(Happened.CALL_ENDED, 0.25, trace="", end="answered", status=200, reason="", device=None))
    assert written.lines() == ["2027-01-15T08:00:00.250Z info    call_ended end=answered status=200"]


@pytest.mark.parametrize("what", Happened)
def test_every_event_has_its_level(capsys: pytest.CaptureFixture[str], what: Happened) -> None:
    """Style 26: info is what an operator did or must know."""
    written = Written(capsys)
    written.log.note(event(what))
    expected = "debug" if what in DEBUG else "warning" if what in WARNING else "info"
    assert written.values()[0]["level"] == ("error" if what in ERROR else expected)


@pytest.mark.parametrize(("status", "level"), [(401, "debug"), (407, "debug"), (403, "info"), (503, "info")])
def test_a_challenge_is_how_every_registration_begins(
    capsys: pytest.CaptureFixture[str], status: int, level: str
) -> None:
    written = Written(capsys)
    written.log.note(event(Happened.REQUEST_REFUSED, status=status))
    assert written.values()[0]["level"] == level


@pytest.mark.parametrize(("level", "count"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_the_level_of_the_configuration_is_the_least_that_is_written(
    capsys: pytest.CaptureFixture[str], level: str, count: int
) -> None:
    written = Written(capsys, level=level)
    for what in (Happened.FLOW_OPENED, Happened.PUSH_SENT, Happened.PUSH_FAILED, Happened.FAULT):
        written.log.note(event(what))
    assert len(written.lines()) == count


def test_libraries_are_heard_when_they_warn_only(capsys: pytest.CaptureFixture[str]) -> None:
    written = Written(capsys)
    logging.getLogger("library").info("chatter")
    logging.getLogger("library").warning("trouble with %s", "it")
    (line,) = written.values()
    assert (line["level"], line["event"], line["message"]) == ("warning", "library", "trouble with it")


def test_a_fault_has_its_traceback_in_its_line(capsys: pytest.CaptureFixture[str]) -> None:
    for as_json in (True, False):
        written = Written(capsys, as_json=as_json)
        try:
            fault()
        except ValueError:
            logging.getLogger(NAME).exception("an unexpected error")
        (line,) = written.lines()
        assert "Traceback (most recent call last)" in line
        assert "first\\nsecond" in line


def fault() -> None:
    raise ValueError("first\nsecond")


# ---- what strangers write


HOSTILE = [
    "a\nlevel=error",
    "a\r\nb",
    "\x1b[2J\x1b]0;title\x07",
    "\x9b31m",
    "\u2028\u2029\x85",
    "\u202e\u200b",
    "\udcff",
    "\0",
    'x" level=error event="y',
    "\\",
    '\\" event=call_ended',
    "",
]


@pytest.mark.parametrize("as_json", [True, False])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_breaks_out_of_its_line_or_reaches_the_terminal(
    capsys: pytest.CaptureFixture[str], text: str, *, as_json: bool
) -> None:
    """Reliability S22."""
    written = Written(capsys, as_json=as_json)
    written.log.note(event(Happened.REQUEST_DROPPED, rule=text, after="1"))
    (line,) = written.lines()
    assert line.isprintable()


@given(st.text())
def test_text_is_one_printable_line(text: str) -> None:
    for as_json in (True, False):
        assert text_of(text, as_json=as_json).isprintable()


@example('x" level=error event="y')
@example("\\")
@example('\\" level=error')
@given(st.text().filter(lambda text: text.isprintable() and text))
def test_no_field_can_be_forged_in_text(text: str) -> None:
    """Read as a shell reads words, a line has the fields that we wrote, and no more."""
    line = text_of(text, as_json=False)
    lexer = shlex.shlex(line.partition("message=")[2], posix=True)
    lexer.whitespace, lexer.whitespace_split, lexer.commenters, lexer.quotes = " ", True, "", '"'
    assert list(lexer) == [text]


# ---- secrets


@pytest.mark.parametrize("as_json", [True, False])
def test_a_secret_that_strays_into_a_line_is_not_shown(capsys: pytest.CaptureFixture[str], *, as_json: bool) -> None:
    """The types forbid it; a mistake must cost neither the secret nor the line."""
    written = Written(capsys, as_json=as_json)
    token = Token(provider="fcm", app="project", value="canary-4711")
    fields: dict[str, Any] = {"password": Secret("canary-4711"), "token": token}
    written.log.note(event(Happened.PUSH_SENT, **fields))
    logging.getLogger(NAME).error("password %r, token %r", Secret("canary-4711"), token)
    lines = written.lines()
    assert len(lines) == 2
    for line in lines:
        assert "canary" not in line
        assert "Secret(...)" in line
        assert f"Token({token.label})" in line


def test_setting_up_twice_writes_once(capsys: pytest.CaptureFixture[str]) -> None:
    Written(capsys)
    written = Written(capsys)
    written.log.note(event(Happened.FAULT))
    assert len(written.lines()) == 1
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler, logging.StreamHandler)
    assert handler.stream is sys.stderr
