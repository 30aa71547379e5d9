"""Claims about reading a form."""

import pytest
from tests.emulators.offices import post

from ringwake.emulators.form import read_form
from ringwake.emulators.refusal import RefusedError

FORM = {"content-type": "application/x-www-form-urlencoded; charset=utf-8"}


def test_each_field_stands_once() -> None:
    assert read_form(post("/", FORM, b"a=1&b=x%2B%20y")) == {"a": "1", "b": "x+ y"}


@pytest.mark.parametrize("body", [b"a=1&a=2", b"no form", b"\xff=1", b"&".join(b"f%d=1" % n for n in range(20))])
def test_all_else_is_none(body: bytes) -> None:
    with pytest.raises(RefusedError, match="invalid_request"):
        read_form(post("/", FORM, body))


def test_another_kind_of_content_is_none() -> None:
    with pytest.raises(RefusedError, match="invalid_request"):
        read_form(post("/", {"content-type": "application/json"}, b"a=1"))
