"""Addresses of record as people type them."""

from __future__ import annotations

from ringwake.config.embedded import DOMAIN


def full_aor(text: str) -> str:
    """Return an address of record in full: without `sip:`, and of the embedded default's domain if it names none."""
    user, at, domain = text.removeprefix("sip:").rpartition("@")
    return f"{user}@{domain.lower()}" if at else f"{domain}@{DOMAIN}"
