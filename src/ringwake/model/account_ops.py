"""Operations on the accounts of the store, as values (docs/adr/0005-store.md)."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.account import Account, Aor
from ringwake.model.store_ops import Op


@dataclass(frozen=True, slots=True, kw_only=True)
class PutAccount(Op[bool]):
    """Add or replace an account; True when it is new."""

    account: Account


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoveAccount(Op[bool]):
    """Remove an account with its bindings and messages; False when there was none."""

    aor: Aor


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetLogins(Op[tuple[Account, ...]]):
    """Forget the logins at the PBX of accounts whose phones have all been silent; returns these as they were.

    The longest silent first, at most `limit` of them. Of a login that is looked at for the first time the silence
    begins now; that counts against the limit, too.
    """

    tenant: str
    wall: float
    """Epoch seconds."""
    after: float
    """Seconds since a phone of the account has registered."""
    limit: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ListAccounts(Op[tuple[Account, ...]]):
    """Read the accounts of one tenant, or of all, by AOR."""

    tenant: str | None = None
