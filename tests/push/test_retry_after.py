"""Retry-After: seconds and dates, and no absurdities (reliability F4)."""

from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.push.samples import NOW

from ringwake.push.retry_after import LONGEST, epoch_seconds, retry_after


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("0", 0.0),
        ("7", 7.0),
        (" 7 ", 7.0),
        ("3600", 3600.0),
        ("3601", LONGEST),
        ("1000000000", LONGEST),
        (formatdate(NOW + 30, usegmt=True), 30.0),
        (formatdate(NOW - 30, usegmt=True), 0.0),
        (formatdate(NOW + 10**9, usegmt=True), LONGEST),
        ("Fri, 31 Dec 9999 23:59:59 GMT", LONGEST),
        ("Sunday, 06-Nov-94 08:49:37 GMT", 0.0),
        ("Sun Nov  6 08:49:37 1994", 0.0),
    ],
)
def test_seconds_and_dates_are_read(text: str, seconds: float) -> None:
    assert retry_after({"retry-after": text}, wall=NOW) == seconds


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1.5",
        "1e9",
        "1_000",
        "0x10",
        "\u0667",
        "10 s",
        "soon",
        "9" * 11,
        "x" * 5000,
        "Sun, 06 Nov 99999 08:49:37 GMT",
        "Sun, 06 Nov 1994 08:49:37 +9999",
        "Sun, 99 Nov 1994 08:49:37 GMT",
    ],
)
def test_what_makes_no_sense_is_as_if_not_said(text: str) -> None:
    assert retry_after({"retry-after": text}, wall=NOW) is None


def test_without_the_header_nothing_is_said() -> None:
    assert retry_after({}, wall=NOW) is None


def test_a_date_counts_from_the_answers_own_date() -> None:
    headers = {"retry-after": formatdate(NOW + 7200 + 5, usegmt=True), "date": formatdate(NOW + 7200, usegmt=True)}
    assert retry_after(headers, wall=NOW) == 5.0


def test_a_date_of_the_old_form_is_utc(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    assert epoch_seconds("Sun Nov  6 08:49:37 1994") == 784111777.0


@given(st.text())
def test_whatever_is_said_is_bounded(text: str) -> None:
    seconds = retry_after({"retry-after": text, "date": text}, wall=NOW)
    assert seconds is None or 0 <= seconds <= LONGEST
