"""Claims about the Replaces header field (RFC 3891)."""

from __future__ import annotations

import pytest

from ringwake.sip.errors import ParseError
from ringwake.sip.headers import Headers
from ringwake.sip.replaces import Replaces, replaces


def read(*values: str) -> Replaces | None:
    headers = Headers()
    for value in values:
        headers.append("replaces", value)
    return replaces(headers)


@pytest.mark.parametrize(
    ("value", "early_only"),
    [
        ("c1@h;to-tag=t;from-tag=f", False),
        ("c1@h ; FROM-TAG = f ; To-Tag = t;x=y", False),
        ("c1@h;early-only;from-tag=f;to-tag=t", True),
    ],
)
def test_it_names_a_dialog_by_three_words_in_any_order(value: str, early_only: bool) -> None:
    assert read(value) == Replaces(call_id="c1@h", to_tag="t", from_tag="f", early_only=early_only)


def test_most_calls_replace_none() -> None:
    assert read() is None


@pytest.mark.parametrize(
    "values",
    [
        ["c1;to-tag=t"],
        ["c1;from-tag=f"],
        ["c1;to-tag;from-tag=f"],
        [";to-tag=t;from-tag=f"],
        ["c1;to-tag=t;to-tag=t;from-tag=f"],
        ["c1"],
        [""],
        ["c1;to-tag=t;from-tag=f", "c1;to-tag=t;from-tag=f"],
    ],
)
def test_one_that_names_no_dialog_or_two_is_refused(values: list[str]) -> None:
    with pytest.raises(ParseError):
        read(*values)
