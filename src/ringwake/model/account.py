"""An account: an address of record that may register and call."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from ringwake.model.settings import UNCHOSEN, Settings
from ringwake.secret import Secret

Aor = NewType("Aor", str)
"""Address of record in canonical form, `user@domain`: no scheme, no parameters, user unescaped, domain in lower case
(RFC 3261 section 10.3 step 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PbxLogin:
    """Who an account is at its PBX, where we answer for it (`upstream = "vault"`, docs/adr/0023-vault.md)."""

    user: str
    password: Secret[str]
    """In the clear: the PBX chooses realm and algorithm, so a hash of it would not do."""
    realm: str = ""
    """The only realm whose challenges are answered; empty: the one that its registration was asked for."""
    heard_at: float = 0.0
    """Epoch seconds when a phone of the account last spoke, unless a binding of it knows better; 0: not counted yet."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One address of record. Passwords are not kept, only their HA1 (standards D14), save one: `pbx`."""

    aor: Aor
    tenant: str
    """Domain of the tenant, which is the digest realm of both hashes."""
    ha1_md5: Secret[str]
    """Hex of MD5(user:realm:password), RFC 2617."""
    ha1_sha256: Secret[str]
    """Hex of SHA-256(user:realm:password), RFC 8760."""
    settings: Settings = UNCHOSEN
    """What its owner has chosen. The directory joins it with the account; it is kept apart (`model.settings_ops`)."""
    pbx: PbxLogin | None = None
    """Its login at the PBX, if we hold one."""

    @classmethod
    def guest(cls, aor: Aor, tenant: str) -> Account:
        """Return an account that only the tenant's PBX knows: nobody can prove to be it here."""
        return cls(aor=aor, tenant=tenant, ha1_md5=Secret(""), ha1_sha256=Secret(""))
