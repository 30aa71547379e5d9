"""Secrets at rest."""

from __future__ import annotations

import pytest

from ringwake.secret import Secret
from ringwake.store.sqlite.sealing import RowSeal, UnsealError

OLD, NEW = Secret(b"1" * 32), Secret(b"2" * 32)


def test_what_is_sealed_can_be_opened_at_its_place_only() -> None:
    seal = RowSeal([NEW])
    sealed = seal.seal(b"canary", b"here")
    assert b"canary" not in sealed
    assert seal.open(sealed, b"here") == b"canary"
    with pytest.raises(UnsealError, match="changed, or moved"):
        seal.open(sealed, b"there")


def test_the_same_twice_looks_different() -> None:
    seal = RowSeal([NEW])
    assert seal.seal(b"canary", b"here") != seal.seal(b"canary", b"here")


@pytest.mark.parametrize("cut", [0, 3, 4, 10, 16, 20, -1])
def test_a_part_cannot_be_opened(cut: int) -> None:
    seal = RowSeal([NEW])
    with pytest.raises(UnsealError):
        seal.open(seal.seal(b"canary", b"here")[:cut], b"here")


def test_the_first_key_encrypts_and_all_decrypt() -> None:
    old, both = RowSeal([OLD]), RowSeal([NEW, OLD])
    sealed = old.seal(b"canary", b"here")
    assert both.open(sealed, b"here") == b"canary"
    assert not both.is_current(sealed)
    renewed = both.seal(b"canary", b"here")
    assert both.is_current(renewed)
    assert RowSeal([NEW]).open(renewed, b"here") == b"canary"
    with pytest.raises(UnsealError, match="a key that is not in the list"):
        old.open(renewed, b"here")


@pytest.mark.parametrize("keys", [[], [Secret(b"short")], [NEW, Secret(b"")]])
def test_keys_have_32_octets(keys: list[Secret[bytes]]) -> None:
    with pytest.raises(ValueError, match="32 octets"):
        RowSeal(keys)
