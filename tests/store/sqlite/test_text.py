"""JSON for texts that came off the wire."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.store.sqlite.text import parse, write


class Form(msgspec.Struct):
    text: str
    octets: bytes = b""
    several: tuple[str, ...] = ()
    at: float = 0.0


class Newer(msgspec.Struct):
    text: str
    added: int = 7


ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))


@given(ANY_TEXT, st.binary(), st.lists(ANY_TEXT, max_size=3), st.floats(allow_nan=False, allow_infinity=False))
def test_whatever_text_comes_back(text: str, octets: bytes, several: list[str], at: float) -> None:
    form = Form(text, octets, tuple(several), at)
    assert parse(write(form), Form) == form


@pytest.mark.parametrize("text", ["\udcff", chr(0xD800), "\0", "'\"{}", "\U0001f4de"])
def test_hostile_text_stands_as_utf8_json(text: str) -> None:
    written = write(Form(text))
    assert "\0" not in written.decode()
    assert parse(written, Form).text == text


def test_what_was_added_has_its_default_and_what_is_gone_is_passed_over() -> None:
    assert parse(write(Form("a")), Newer) == Newer("a", 7)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"text": 1}', b'{"text": "\\udcff", "octets": 1}', b"\xff"])
def test_anything_else_is_a_value_error(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        parse(text, Form)
