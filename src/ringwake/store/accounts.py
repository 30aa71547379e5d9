"""Accounts, by address of record."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TypeAlias

from ringwake.model.account import Account, Aor, PbxLogin
from ringwake.model.account_ops import ForgetLogins
from ringwake.store.agenda import Agenda
from ringwake.store.changes import Changes

BoundAt: TypeAlias = Callable[[Aor], float]
"""Says when a phone that is still bound at an AOR has last registered, in epoch seconds; 0 when none is."""


class Accounts:
    """All accounts of all tenants."""

    __slots__ = ("_by_aor", "_silence")

    def __init__(self) -> None:
        self._by_aor: dict[Aor, Account] = {}
        # By tenant: since when no phone of an account with a login was heard. Bindings may know of a later time.
        self._silence: dict[str, Agenda] = {}

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

    def hear(self, changes: Changes, aor: Aor, at: float, bound_at: BoundAt) -> None:
        """Have an account with a login remember that a phone of it spoke, unless a binding does."""
        account = self.get(aor)
        if account is not None and account.pbx is not None and max(account.pbx.heard_at, bound_at(aor)) < at:
            self._put_login(changes, account, replace(account.pbx, heard_at=at))

    def forget_logins(self, op: ForgetLogins, changes: Changes, bound_at: BoundAt) -> list[Account]:
        """Forget the logins of silent accounts."""
        lost: list[Account] = []
        agenda, until, looked = self._silence.get(op.tenant, Agenda()), op.wall - op.after, 0
        while looked < op.limit and (entry := agenda.pop(until)) is not None:
            at, account = entry[0], self._by_aor[Aor(entry[1])]
            assert account.pbx is not None
            heard_at = max(account.pbx.heard_at, bound_at(account.aor))
            if heard_at > at:
                agenda.note(account.aor, heard_at)
                continue
            looked += 1
            if not heard_at:
                self._put_login(changes, account, replace(account.pbx, heard_at=op.wall))
            else:
                lost.append(account)
                self._put_login(changes, account, None)
        return lost

    def load(self, account: Account) -> None:
        """Add an account that an earlier life has left."""
        self._set(account.aor, account)

    def _put_login(self, changes: Changes, account: Account, login: PbxLogin | None) -> None:
        self.put(changes, account.aor, replace(account, pbx=login))

    def _set(self, aor: Aor, account: Account | None) -> None:
        before = self._by_aor.pop(aor, None)
        if before is not None and before.pbx is not None:
            self._silence[before.tenant].forget(aor)
        if account is None:
            return
        self._by_aor[aor] = account
        if account.pbx is not None:
            self._silence.setdefault(account.tenant, Agenda()).note(aor, account.pbx.heard_at)
