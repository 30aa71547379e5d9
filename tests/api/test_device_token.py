"""Device tokens: for one account, for a day, until its password changes."""

from __future__ import annotations

import pytest
from tests.api.bed import FIXED, STORED, account

from ringwake.api.device_token import open_token, seal_token
from ringwake.model.account import Account, Aor
from ringwake.secret import Secret
from ringwake.store.keys import KeyRing

KEYS = KeyRing([Secret(b"k" * 32)])
BOB = account(STORED, "bob-canary")
ODD = account("a%20b@example.com", "x")


def opened(token: str, *known: Account, wall: float = 0.0, keys: KeyRing = KEYS) -> Account | None:
    found = {one.aor: one for one in known}
    return open_token(token, find=lambda aor: found.get(Aor(aor)), wall=wall, seal=keys)


@pytest.mark.parametrize("holder", [BOB, ODD])
def test_a_token_names_its_account(holder: Account) -> None:
    token = seal_token(holder, expires=100, seal=KEYS)
    assert opened(token, account(FIXED, "x"), holder) == holder


def test_a_token_shows_neither_account_nor_password() -> None:
    token = seal_token(BOB, expires=100, seal=KEYS)
    assert "bob" not in token
    assert token.isascii()
    assert token == seal_token(BOB, expires=100, seal=KEYS) != seal_token(BOB, expires=101, seal=KEYS)


def test_a_token_is_good_until_its_last_second() -> None:
    token = seal_token(BOB, expires=100, seal=KEYS)
    assert opened(token, BOB, wall=100.0) == BOB
    assert opened(token, BOB, wall=100.1) is None


def test_a_new_password_ends_the_tokens_of_the_old_one() -> None:
    """Whoever has a stolen phone's token is locked out by the change that its owner makes."""
    token = seal_token(BOB, expires=100, seal=KEYS)
    assert opened(token, account(STORED, "another")) is None


def test_a_removed_account_has_no_tokens() -> None:
    assert opened(seal_token(BOB, expires=100, seal=KEYS)) is None


def test_a_token_outlives_a_new_key_and_not_the_loss_of_its_own() -> None:
    token = seal_token(BOB, expires=100, seal=KEYS)
    assert opened(token, BOB, keys=KeyRing([Secret(b"n" * 32), Secret(b"k" * 32)])) == BOB
    assert opened(token, BOB, keys=KeyRing([Secret(b"n" * 32)])) is None


@pytest.mark.parametrize("text", ["", "x", "\xff", "A" * 5000, KEYS.seal("nonce", b"100 x bob@example.com")])
def test_what_we_did_not_write_as_a_token_is_none(text: str) -> None:
    assert opened(text, BOB) is None
