"""Accounts, by address of record."""

from __future__ import annotations

from ringwake.model.account import Account, Aor
from ringwake.store.changes import Changes


class Accounts:
    """All accounts of all tenants."""

    __slots__ = ("_by_aor",)

    def __init__(self) -> None:
        self._by_aor: dict[Aor, Account] = {}

    def get(self, aor: Aor) -> Account | None:
        """Return an account."""
        return self._by_aor.get(aor)

    def of(self, tenant: str | None) -> tuple[Account, ...]:
        """Return the accounts of a tenant, or of all, by AOR."""
        return tuple(
            account for _, account in sorted(self._by_aor.items()) if tenant is None or account.tenant == tenant
        )

    def put(self, changes: Changes, aor: Aor, account: Account | None) -> None:
        """Make this the account of the AOR; None removes it."""
        before = self.get(aor)
        changes.write(before, account)
        changes.way_back(self._set, aor, before)
        self._set(aor, account)

    def load(self, account: Account) -> None:
        """Add an account that an earlier life has left."""
        self._set(account.aor, account)

    def _set(self, aor: Aor, account: Account | None) -> None:
        if account is None:
            self._by_aor.pop(aor, None)
        else:
            self._by_aor[aor] = account
