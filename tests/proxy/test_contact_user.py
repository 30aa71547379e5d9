"""Claims about our Contact at a PBX: it names an account to us alone, and is the same each time."""

from __future__ import annotations

from random import Random

import pytest
from tests.support.ids import SeededIds

from ringwake.model.account import Aor
from ringwake.proxy.contact_user import contact_user, opened_contact
from ringwake.secret import Secret
from ringwake.sip.uri import parse_uri
from ringwake.store.keys import KeyRing

SEAL = KeyRing([Secret(b"k" * 32)])
OTHER = KeyRing([Secret(b"x" * 32)])
ALICE = Aor("alice@example.com")


@pytest.mark.parametrize("aor", [ALICE, Aor("al ice\udcff@example.com")])
def test_a_contact_of_ours_names_its_account(aor: Aor) -> None:
    user = contact_user(aor, SEAL)
    assert opened_contact(parse_uri(f"sip:{user}@192.0.2.1:5060;transport=udp"), SEAL) == aor
    assert "alice" not in user


def test_it_is_the_same_each_time_and_another_for_each_account() -> None:
    """Or the PBX would take each refresh for one more phone."""
    assert contact_user(ALICE, SEAL) == contact_user(ALICE, KeyRing([Secret(b"k" * 32)]))
    assert contact_user(ALICE, SEAL) != contact_user(Aor("bob@example.com"), SEAL)


@pytest.mark.parametrize("uri", ["sip:192.0.2.1", "sip:alice@example.com", "sip:{}@192.0.2.1"])
def test_what_we_did_not_write_names_nobody(uri: str) -> None:
    forged = contact_user(ALICE, OTHER)
    assert opened_contact(parse_uri(uri.format(forged)), SEAL) is None


def test_a_token_for_something_else_is_no_contact() -> None:
    sealed = SEAL.seal("path", SeededIds(Random(1)).hex(8).encode())
    assert opened_contact(parse_uri(f"sip:{sealed}@192.0.2.1"), SEAL) is None
