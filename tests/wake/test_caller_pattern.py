"""Claims about patterns: whom they fit, that a caller cannot dress up to slip through, and how long they take."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ringwake.sip.address import parse_address
from ringwake.wake.caller_pattern import MOST_CHARACTERS, fault, is_listed, matches, name_of

BOSS = "<sip:boss@example.com>"
NUMBER = "<sip:+4930123456@trunk.example;user=phone>"


def fits(pattern: str, caller: str) -> bool:
    return is_listed([pattern], [name_of(parse_address(caller))])


@pytest.mark.parametrize(
    ("pattern", "caller", "is_fit"),
    [
        ("boss@example.com", BOSS, True),
        ("boss@example.org", BOSS, False),
        ("bos@example.com", BOSS, False),
        ("*@example.com", BOSS, True),
        ("*@example.com", "<sip:boss@sub.example.com>", False),
        ("*@*.example.com", "<sip:boss@sub.example.com>", True),
        ("b*s@*", BOSS, True),
        ("boss", BOSS, True),  # at whatever host
        ("*", BOSS, True),
        ("*", "tel:+4930123456", True),
        ("+4930123456", NUMBER, True),
        ("+4930*", NUMBER, True),
        ("*3456", NUMBER, True),
        ("+4930*", "tel:+49-30-123.456", True),
        ("+49 (30) 123-456", "tel:+4930123456", True),
        ("+4931*", NUMBER, False),
        ("030123456", NUMBER, False),  # nobody knows the dial plan here
        ("+4930123456@trunk.example", NUMBER, True),
        ("*@*", "tel:+4930123456", False),  # it is at no host
        ("sip:boss@example.com", BOSS, True),
        ("tel:+4930123456", "tel:+4930123456", True),
        ("boss@EXAMPLE.com.", BOSS, True),
        ("*@10.0.0.7", "<sip:10.0.0.7>", True),
        ("*", "<sip:10.0.0.7>", True),
        ("*", "urn:service:sos", True),
        ("*@*", "urn:service:sos", False),
    ],
)
def test_a_pattern_fits_whom_it_says(pattern: str, caller: str, is_fit: bool) -> None:
    assert fits(pattern, caller) is is_fit


@pytest.mark.parametrize(
    "caller",
    [
        "<sips:boss@example.com>",
        "<sip:BOSS@Example.COM>",
        "<sip:b%6Fss@example.com>",
        "<sip:boss:secret@example.com:5070;transport=tcp>",
        "<sip:boss;x=y@example.com.>",
        '"Somebody Else" <sip:boss@example.com?subject=hello>',
    ],
)
def test_dressing_up_makes_no_caller_another(caller: str) -> None:
    assert fits("boss@example.com", caller)


@pytest.mark.parametrize("caller", ["tel:+4930123456;phone-context=x", "<sip:+49-30-123456;isub=1@trunk.example>"])
def test_the_parameters_of_a_number_are_not_the_number(caller: str) -> None:
    assert fits("+4930123456", caller)


def test_letters_keep_their_marks() -> None:
    assert fits("first.last@example.com", "<sip:first.last@example.com>")
    assert not fits("firstlast@example.com", "<sip:first.last@example.com>")


def test_any_pattern_and_any_name_will_do() -> None:
    names = [name_of(parse_address(one)) for one in (BOSS, NUMBER)]
    assert is_listed(["nobody", "+4930*"], names)
    assert not is_listed(["nobody", "nowhere@example.com"], names)
    assert not is_listed([], names)
    assert not is_listed(["*"], [])


ALPHABET = st.text(alphabet="ab*", max_size=12)


@example("*ab*ba*", "aba")
@example("ab*ba", "aba")
@given(ALPHABET, st.text(alphabet="ab", max_size=12))
def test_a_star_stands_for_anything(pattern: str, text: str) -> None:
    by_backtracking = re.fullmatch(".*".join(map(re.escape, pattern.split("*"))), text)
    assert matches(pattern, text) is (by_backtracking is not None)


def test_no_pattern_takes_long() -> None:
    """With backtracking, this would take longer than the universe has been there."""
    assert not matches("a*" * 120 + "b", "a" * 1000)
    assert not matches("*a" * 120 + "*b*", "a" * 1000)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("boss@example.com", ""),
        ("*@example.com", ""),
        ("*@*.example.com", ""),
        ("+49 30*", ""),
        ("*", ""),
        ("anonymous@*", ""),
        ("*@[2001:db8::1]", ""),
        ("", "is empty"),
        (" ", "is empty"),
        ("@example.com", "is empty on one side of the @"),
        ("boss@", "is empty on one side of the @"),
        ("the boss@example.com", "holds a blank, a quote or an angle bracket"),
        ("<boss@example.com>", "holds a blank, a quote or an angle bracket"),
        ("boss\x00", "holds a blank, a quote or an angle bracket"),
        ("boss@exam/ple", "has no host name behind the @"),
        ("a" * (MOST_CHARACTERS + 1), "is longer than 256 characters"),
    ],
)
def test_a_pattern_that_can_fit_nobody_is_named(pattern: str, said: str) -> None:
    assert fault(pattern) == said
