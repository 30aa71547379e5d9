"""Claims about JSON from strangers."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.emulators.json_object import read_object


@pytest.mark.parametrize("data", [b'{"a": 1}', '{"a": 1}', b' {"a": 1} '])
def test_an_object_is_read(data: bytes | str) -> None:
    assert read_object(data) == {"a": 1}


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"5", b"null", b"{", b'{"a": NaN}', b'{"a": 1} x', b'{"\xff": 1}', "\udcff", b'{"a":' * 10_000]
)
def test_anything_else_is_nothing(data: bytes | str) -> None:
    assert read_object(data) is None


@given(st.binary() | st.text())
def test_nothing_is_ever_raised(data: bytes | str) -> None:
    assert read_object(data) is None or isinstance(read_object(data), dict)
