"""Who wants to register at a PBX."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.account import Account
from ringwake.model.tenant import Tenant
from ringwake.model.token_claims import TokenProof
from ringwake.sip.transactions.events import RequestArrived


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """A REGISTER whose judge is the PBX."""

    arrived: RequestArrived
    account: Account
    """A guest: it is known to the PBX alone."""
    tenant: Tenant
    came_at: float
    """Monotonic seconds."""
    proof: TokenProof | None = None
    """That a token which it claims is its own."""
