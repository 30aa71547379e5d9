"""A tenant: one SIP domain with its accounts and applications."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Tenant:
    """One SIP domain that this server answers for."""

    domain: str
    """Host part of its addresses of record, in lower case; also the realm of its digest challenges."""
