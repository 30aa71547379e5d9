"""Accounts in memory, joined with what their owners have chosen."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ringwake.model.account import Account, Aor
from ringwake.model.call_settings import CallSettings
from ringwake.model.settings import UNCHOSEN, Settings
from ringwake.store.directory import MemoryDirectory

FIXED, STORED, GUEST = Aor("alice@example.com"), Aor("bob@example.com"), Aor("carol@example.com")
CHOSEN = Settings(calls=CallSettings(do_not_disturb=True), version=3)


def account(aor: Aor) -> Account:
    return Account.guest(aor, "example.com")


@pytest.fixture
def directory() -> MemoryDirectory:
    made = MemoryDirectory([], [], [account(FIXED)])
    made.put(account(STORED))
    return made


@pytest.mark.parametrize("aor", [FIXED, STORED])
def test_an_account_has_what_its_owner_has_chosen(directory: MemoryDirectory, aor: Aor) -> None:
    directory.put_settings(aor, CHOSEN)
    assert directory.account(aor) == replace(account(aor), settings=CHOSEN)
    assert [one.settings for one in directory.accounts() if one.aor == aor] == [CHOSEN]


def test_who_has_chosen_nothing_has_the_defaults(directory: MemoryDirectory) -> None:
    assert directory.settings(FIXED) is directory.settings(GUEST) is UNCHOSEN
    assert directory.account(GUEST) is None


def test_settings_may_come_before_their_account_and_outlive_its_change(directory: MemoryDirectory) -> None:
    directory.put_settings(GUEST, CHOSEN)
    assert directory.settings(GUEST) is CHOSEN
    assert directory.account(GUEST) is None
    for _ in range(2):
        directory.put(account(GUEST))
        assert directory.account(GUEST) == replace(account(GUEST), settings=CHOSEN)


def test_settings_do_not_come_with_an_account(directory: MemoryDirectory) -> None:
    directory.put(replace(account(GUEST), settings=CHOSEN))
    assert directory.account(GUEST) == account(GUEST)


def test_what_was_chosen_for_an_account_goes_with_it(directory: MemoryDirectory) -> None:
    directory.put_settings(STORED, CHOSEN)
    directory.remove(STORED)
    assert directory.account(STORED) is None
    assert directory.settings(STORED) is UNCHOSEN
