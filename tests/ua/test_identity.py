"""Claims about who a user agent says it is."""

from __future__ import annotations

import pytest

from ringwake.secret import Secret
from ringwake.sip.address import parse_address
from ringwake.ua.identity import Identity


def identity(display: str = "") -> Identity:
    return Identity(user="alice", domain="example.com", password=Secret("secret"), display=display)


def test_its_address_of_record_is_a_uri() -> None:
    assert identity().aor == "sip:alice@example.com"
    assert identity().address("t1") == "<sip:alice@example.com>;tag=t1"


@pytest.mark.parametrize("display", ["Alice", 'Al "the" <ice>', "back\\slash", "Ålice, B"])
def test_its_name_comes_back_as_it_was_given(display: str) -> None:
    sender = parse_address(identity(display).address("t1"))
    assert (sender.display, sender.uri, sender.tag) == (display, "sip:alice@example.com", "t1")


def test_its_password_is_not_shown() -> None:
    assert "secret" not in repr(identity())
