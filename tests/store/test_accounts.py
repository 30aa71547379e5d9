"""Accounts."""

from __future__ import annotations

from tests.store.samples import ALICE, BOB, account

from ringwake.model.account import Aor
from ringwake.store.accounts import Accounts
from ringwake.store.changes import Changes
from ringwake.store.rows import row

OTHER = Aor("zoe@other.test")


def test_put_replace_and_remove() -> None:
    accounts, changes = Accounts(), Changes()
    first, second = account(), account(md5="1" * 32)
    for value in (first, second, None):
        accounts.put(changes, ALICE, value)
        assert accounts.get(ALICE) == value
    assert changes.rows == [row(None, first), row(first, second), row(second, None)]
    changes.undo()
    assert accounts.get(ALICE) is None


def test_they_are_listed_by_aor() -> None:
    accounts = Accounts()
    for aor in (BOB, OTHER, ALICE):
        accounts.load(account(aor))
    assert [each.aor for each in accounts.of(None)] == [ALICE, BOB, OTHER]
    assert [each.aor for each in accounts.of("example.com")] == [ALICE, BOB]
    assert accounts.of("nobody.test") == ()
