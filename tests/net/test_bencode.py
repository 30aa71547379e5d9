"""Bencode: what is written is read back, and nothing malformed is."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.net.bencode import MAX_DEPTH, BencodeError, decode, encode

VALUES = st.recursive(
    st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
)


@pytest.mark.parametrize(
    ("value", "octets"),
    [
        (0, b"i0e"),
        (-42, b"i-42e"),
        ("", b"0:"),
        ("é", b"2:\xc3\xa9"),
        ("\udcff", b"1:\xff"),
        (b"a:e", b"3:a:e"),
        ([], b"le"),
        (["a", 1], b"l1:ai1ee"),
        ({}, b"de"),
        ({"b": 1, "a": ["x"]}, b"d1:al1:xe1:bi1ee"),
    ],
)
def test_values_are_written_as_bep_3_has_them(value: object, octets: bytes) -> None:
    assert encode(value) == octets  # type: ignore[arg-type]  # parametrized values are objects to mypy


def test_a_dictionary_is_read_with_its_keys_in_any_order() -> None:
    assert decode(b"d6:result4:pong1:ai-1ee") == {b"result": b"pong", b"a": -1}


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"x",
        b"i",
        b"ie",
        b"i-e",
        b"i--1e",
        b"i1",
        b"i 1e",
        b"i" + b"9" * 30 + b"e",
        b"5:abc",
        b"99999999999999999999:a",
        b"5",
        b"-1:a",
        b"l",
        b"li1e",
        b"d",
        b"di1ei2ee",
        b"d1:a",
        b"d1:ae",
        b"i1ei2e",
        b"e",
        b"l" * 100_000,
        b"d1:a" * 100_000,
        b"l" * (MAX_DEPTH + 1) + b"e" * (MAX_DEPTH + 1),
    ],
)
def test_malformed_octets_are_an_error_of_its_own(octets: bytes) -> None:
    with pytest.raises(BencodeError):
        decode(octets)


def test_the_deepest_that_is_allowed_is_read() -> None:
    assert decode(b"l" * MAX_DEPTH + b"e" * MAX_DEPTH)


@given(VALUES)
def test_what_is_written_is_read_back(value: object) -> None:
    def as_read(item: object) -> object:
        if isinstance(item, dict):
            return {key.encode(): as_read(each) for key, each in item.items()}
        return [as_read(each) for each in item] if isinstance(item, list) else item

    assert decode(encode(value)) == as_read(value)  # type: ignore[arg-type]  # as above


@given(st.binary(max_size=60))
def test_any_octets_are_read_or_refused(octets: bytes) -> None:
    with contextlib.suppress(BencodeError):
        decode(octets)
