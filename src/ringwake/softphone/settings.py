"""What a phone remembers when its app is terminated."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport
from ringwake.ua.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """One phone with one account."""

    identity: Identity
    server: Address
    """Where it is. A phone that knows its server by name finds it anew at each connection (`dial.by_name`)."""
    server_name: str = ""
    """What its certificate must prove over TLS and WSS; empty for the address itself (RFC 5922)."""
    transport: Transport
    ca_file: Path | None = None
    """Authorities for TLS and WSS, the push inbox and the phone API; None for the system's."""
    provider: str = ""
    """Push service by its `pn-provider` name; empty for a phone without push."""
    app: str = ""
    """Bundle id (APNs), project id (FCM), app id (HMS) or name (http). With Web Push and UnifiedPush there is none."""
    inbox: str = ""
    """URL of the push inbox (docs/reference/inbox.md)."""
    device: str = ""
    """Name of the device at the inbox."""
    device_secret: Secret[str]
    """Made by the phone when it first attached."""
    instance: str
    """URN of the installation (RFC 5626 section 4.1)."""
    public_url: str = ""
    """Where the server's phone API is, for a browser's encryption keys; empty when there is none."""
    expires: int = 3600
    """Seconds asked for in REGISTER; with push the server grants more."""
    refreshes_itself: bool = False
    """Whether its app can run without a push, and so refresh in time where the server asks it to."""
