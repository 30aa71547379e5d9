"""An account: an address of record that may register and call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NewType

from ringwake.model.settings import Settings
from ringwake.secret import Secret

Aor = NewType("Aor", str)
"""Address of record in canonical form, `user@domain`: no scheme, no parameters, user unescaped, domain in lower case
(RFC 3261 section 10.3 step 5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """One address of record. Passwords are not kept, only their HA1 (standards D14)."""

    aor: Aor
    tenant: str
    """Domain of the tenant, which is the digest realm of both hashes."""
    ha1_md5: Secret[str]
    """Hex of MD5(user:realm:password), RFC 2617."""
    ha1_sha256: Secret[str]
    """Hex of SHA-256(user:realm:password), RFC 8760."""
    settings: Settings = field(default_factory=Settings)
