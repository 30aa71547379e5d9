"""What a connector is told: whom to dial, for which tenant, and where the PBX is."""

from __future__ import annotations

import ssl
from dataclasses import dataclass

from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorSettings:
    """One connector."""

    edge: str
    """URL of the edge: wss://, or ws:// on loopback."""
    tenant: str
    """Domain of the tenant whose PBX this is."""
    transport: Transport
    """What is spoken with the PBX: UDP or TCP."""
    pbx: tuple[Address, ...]
    """Where the PBX is; the first is preferred. SIP is taken from these and sent to these, and to nobody else."""
    local: Address
    """Where to listen: what the PBX sees, and what stands in the routes of its calls. Port 0 takes any."""
    token: Secret[str] | None = None
    """Proves the tenant to the edge; None where the certificate in `tls` does."""
    tls: ssl.SSLContext | None = None
    """None on ws://."""
    has_certificate: bool = False
    """Whether `tls` shows one of ours."""
