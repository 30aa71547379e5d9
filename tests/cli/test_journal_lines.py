"""Claims about the lines that show the emulators' journal."""

from __future__ import annotations

import io
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

import pytest

from ringwake.cli.journal_lines import JournalLines
from ringwake.emulators.journal import Entry

ACCEPTED = Entry(
    serial=7, at=1.0, service="apns", event="accepted", token="5c0a3b1f", id="5f8e1f4c", kind="voip", status=200
)
REFUSED = Entry(
    serial=8, at=2.0, service="fcm", event="refused", reason="UNREGISTERED", detail="words", token="00c0ffee"
)
NOW = 1_795_480_000.25


def lines(out: TextIO, *, as_json: bool = False) -> JournalLines:
    return JournalLines(out, as_json=as_json, wall=lambda: NOW)


@contextmanager
def pipe() -> Iterator[tuple[int, TextIO]]:
    reader, writer = os.pipe()
    with os.fdopen(writer, "w") as out:
        yield reader, out


@pytest.mark.parametrize(
    ("entry", "line"),
    [
        (ACCEPTED, "00:26:40.250Z apns         accepted     voip  token 5c0a3b1f  id 5f8e1f4c\n"),
        (REFUSED, "00:26:40.250Z fcm          refused      UNREGISTERED (words)  token 00c0ffee\n"),
    ],
)
def test_a_person_reads_when_where_what_and_why(entry: Entry, line: str) -> None:
    out = io.StringIO()
    lines(out)(entry)
    assert out.getvalue() == line


def test_a_program_reads_all_of_the_entry_with_the_time_of_day() -> None:
    out = io.StringIO()
    lines(out, as_json=True)(REFUSED)
    assert json.loads(out.getvalue()) == {
        "serial": 8,
        "at": NOW,
        "service": "fcm",
        "event": "refused",
        "reason": "UNREGISTERED",
        "detail": "words",
        "token": "00c0ffee",
        "id": "",
        "kind": "",
        "status": 0,
    }


def test_acknowledgements_are_not_shown() -> None:
    out = io.StringIO()
    lines(out)(Entry(serial=1, at=0.0, service="inbox", event="acknowledged"))
    assert out.getvalue() == ""


@pytest.mark.parametrize("as_json", [False, True])
def test_a_reader_that_sleeps_holds_nothing_up_and_is_told_what_it_has_missed(*, as_json: bool) -> None:
    with pipe() as (reader, out):
        show = lines(out, as_json=as_json)
        for _ in range(5_000):
            show(ACCEPTED)
        seen = os.read(reader, 1_000_000).count(b"\n")
        assert 100 < seen < 5_000
        show(REFUSED)
        told, shown = os.read(reader, 1_000_000).decode().splitlines()
        os.close(reader)
        missed = 5_000 - seen
        if as_json:
            assert json.loads(told) == {"event": "left_out", "count": missed}
        else:
            assert told == f"{missed} lines are left out: nobody has read them"
        assert "UNREGISTERED" in shown


def test_what_a_request_brought_breaks_out_of_no_line() -> None:
    out = io.StringIO()
    hostile = Entry(serial=1, at=0.0, service="http", event="refused", reason="a\x1b[2J\nb", kind="é\u2028\ud800")
    lines(out)(hostile)
    assert out.getvalue().endswith(" refused      a\\x1b[2J\\nb  é\\u2028\\ud800\n")
    assert out.getvalue().count("\n") == 1


@pytest.mark.parametrize("as_json", [False, True])
def test_a_line_that_is_too_long_for_the_pipe_ends_all_the_same(*, as_json: bool) -> None:
    with pipe() as (reader, out):
        show = lines(out, as_json=as_json)
        show(Entry(serial=1, at=0.0, service="http", event="refused", detail="x" * 9000))
        show(REFUSED)
        first, second = os.read(reader, 100_000).decode().splitlines()
        os.close(reader)
        assert len(first) == 4095
        assert "UNREGISTERED" in second


def test_a_reader_that_has_gone_is_no_trouble() -> None:
    with pipe() as (reader, out):
        show = lines(out)
        show(ACCEPTED)
        os.close(reader)
        for _ in range(3):
            show(ACCEPTED)
