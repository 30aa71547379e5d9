"""Device tokens: what a phone shows over HTTP in place of its password, for a day or until the password changes."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.account import Account, Aor
from ringwake.model.ports import Seal

SECONDS = 86400.0
_PURPOSE = "device"


def seal_token(account: Account, *, expires: int, seal: Seal) -> str:
    """Return a token of an account, good until `expires` (epoch seconds)."""
    payload = f"{expires} {_stamp(account, seal)} {account.aor}"
    return seal.seal(_PURPOSE, payload.encode("utf-8", "surrogateescape"))


def open_token(text: str, *, find: Callable[[Aor], Account | None], wall: float, seal: Seal) -> Account | None:
    """Return the account of a token, or None when it is none of ours, is over, or another password is set."""
    payload = seal.open(_PURPOSE, text)
    if payload is None:
        return None
    expires, stamp, aor = payload.decode("utf-8", "surrogateescape").split(" ", 2)
    account = find(Aor(aor))
    if account is None or int(expires) < wall or stamp != _stamp(account, seal):
        return None
    return account


def _stamp(account: Account, seal: Seal) -> str:
    return seal.digest(_PURPOSE, account.ha1_sha256.reveal().encode())[:16]
