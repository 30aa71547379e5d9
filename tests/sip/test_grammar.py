"""Claims about the small pieces of the grammar."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import (
    closing_quote,
    decode,
    encode,
    escape,
    has_control,
    is_token,
    number,
    quote,
    split,
    unescape,
    unquote,
)

_WIRE = st.binary().map(decode)
"""Any octets, as text."""


@given(st.binary())
def test_no_octet_is_lost_in_text(octets: bytes) -> None:
    assert encode(decode(octets)) == octets


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("INVITE", True),
        ("a-z.!%*_+`'~09", True),
        ("", False),
        ("a b", False),
        ("a\n", False),
        ("a:b", False),
        ("To\x01", False),
        ("\u0130", False),
        ("a\u00e9", False),
    ],
)
def test_a_token_has_ascii_marks_only(text: str, expected: bool) -> None:
    assert is_token(text) is expected


@pytest.mark.parametrize("char", ["\x00", "\x08", "\n", "\r", "\x1b", "\x7f"])
def test_a_control_character_is_seen(char: str) -> None:
    assert has_control(f"a{char}b")


@pytest.mark.parametrize("text", ["", "a\tb", "a\u00e9 \udcff"])
def test_a_tab_is_no_control_character_here(text: str) -> None:
    assert not has_control(text)


@pytest.mark.parametrize(
    ("text", "value"), [("0", 0), ("007", 7), ("4294967295", 2**32 - 1), ("00000000000000000001", 1)]
)
def test_digits_are_a_number(text: str, value: int) -> None:
    assert number(text, "it") == value


@pytest.mark.parametrize(
    "text",
    ["", "1_000", "+5", "-1", " 5", "5 ", "5\n", "\u0665", "\u00b2", "0x5", "1.0", "five", "1" * 21, "9" * 5000],
)
def test_what_python_alone_takes_for_a_number_is_none(text: str) -> None:
    with pytest.raises(ParseError, match="it is not a number"):
        number(text, "it")


def test_a_number_has_a_bound() -> None:
    assert number("7", "it", most=7) == 7
    with pytest.raises(ParseError, match="it is too large"):
        number("8", "it", most=7)
    with pytest.raises(ParseError, match="it is too large"):
        number("4294967296", "it")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain", "plain"),
        ("%61lice", "alice"),
        ("%2541", "%41"),
        ("%", "%"),
        ("a%4", "a%4"),
        ("%Z%45", "%ZE"),
        ("a%00b", "a\0b"),
        ("%C3%a9", "\u00e9"),
        ("%ff", "\udcff"),
        ("\udcff%41", "\udcffA"),
    ],
)
def test_escapes_are_resolved_once(text: str, expected: str) -> None:
    assert unescape(text) == expected


@given(_WIRE)
def test_what_was_escaped_comes_back(text: str) -> None:
    escaped = escape(text, re.compile("[a-z;]+"))
    assert re.fullmatch("(?:[a-z;]|%[0-9A-F]{2})*", escaped)
    assert unescape(escaped) == text


@given(_WIRE)
def test_what_was_quoted_comes_back(text: str) -> None:
    assert unquote(quote(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('""', ""),
        (r'"a\b"', "ab"),
        (r'"a\\"', "a\\"),
        ('"a\\\nb"', "a\nb"),
        ("token", "token"),
        ("", ""),
        ('"', '"'),
        ('"open', '"open'),
        ('"closed"x', '"closed"x'),
        ('"a"b"', '"a"b"'),
        (r'"escaped\"', r'"escaped\"'),
    ],
)
def test_only_a_whole_quoted_string_loses_its_quotes(text: str, expected: str) -> None:
    assert unquote(text) == expected


@given(_WIRE, _WIRE, _WIRE)
def test_the_closing_quote_is_found(before: str, inside: str, after: str) -> None:
    quoted = quote(inside)
    assert closing_quote(before + quoted + after, len(before)) == len(before) + len(quoted) - 1


@pytest.mark.parametrize("text", ['"', '"abc', '"abc\\', '"abc\\"', '"\\"\\"', '"a\\\\\\"'])
def test_a_quote_that_is_never_closed_is_refused(text: str) -> None:
    with pytest.raises(ParseError, match="a quoted string is not closed"):
        closing_quote(text, 0)


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("", [""]),
        ("a", ["a"]),
        (" a ,\tb,", ["a", "b", ""]),
        ('"a,b", c', ['"a,b"', "c"]),
        ('"a\\",b" , c', ['"a\\",b"', "c"]),
        ("<sip:a,b>;x, <sip:c>", ["<sip:a,b>;x", "<sip:c>"]),
        ('"<" <sip:a>,b', ['"<" <sip:a>', "b"]),
        ('<sip:a">,b', ['<sip:a">', "b"]),
        ("a>,b", ["a>", "b"]),
        ("\u00a0a\u00a0,b", ["\u00a0a\u00a0", "b"]),
    ],
)
def test_a_separator_counts_outside_quotes_and_brackets(text: str, parts: list[str]) -> None:
    assert list(split(text, ",")) == parts


@pytest.mark.parametrize(("text", "rule"), [('a,"b', "a quoted string"), ("a,<b", "an angle bracket")])
def test_a_list_with_something_left_open_is_refused(text: str, rule: str) -> None:
    with pytest.raises(ParseError, match=f"{rule} is not closed"):
        list(split(text, ","))


_ITEMS = st.one_of(_WIRE.map(quote), st.from_regex(r"\A<[^>]*>\Z"), st.from_regex(r'\A[^,"< \t]+\Z'))


@given(st.lists(_ITEMS, min_size=1))
def test_a_joined_list_comes_apart_again(items: list[str]) -> None:
    assert list(split(" , ".join(items), ",")) == items
