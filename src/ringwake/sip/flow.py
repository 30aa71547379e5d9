"""A flow (RFC 5626 section 3): one way of bytes between us and one peer.

Above `net` a flow is an opaque value: it is compared, stored and handed back to `net.send`; only its transport's
reliability is asked for. The addresses serve responses (RFC 3581) and logs.
"""

from __future__ import annotations

from enum import StrEnum
from typing import NamedTuple

CONNECTOR = "connector:"
"""How the node of a flow through a connector begins; the tenant follows."""


class Transport(StrEnum):
    """SIP transports, spelled as in a URI's `transport` parameter where they have one."""

    UDP = "udp"
    TCP = "tcp"
    TLS = "tls"
    WS = "ws"
    WSS = "wss"

    @property
    def is_reliable(self) -> bool:
        """Whether the transport retransmits by itself (RFC 3261 section 17)."""
        return self is not Transport.UDP

    @property
    def is_secure(self) -> bool:
        """Whether the bytes are encrypted on the wire."""
        return self in (Transport.TLS, Transport.WSS)

    @property
    def via(self) -> str:
        """The transport's name in a Via header field (RFC 3261 section 20.42, RFC 7118 section 5.2)."""
        return self.value.upper()

    @property
    def uri_parameter(self) -> str:
        """The value of `;transport=` in a URI (TLS travels as `tcp`, RFC 5658 section 5; WSS as `ws`, RFC 7118)."""
        return {"tls": "tcp", "wss": "ws"}.get(self.value, self.value)

    @property
    def default_port(self) -> int:
        """The port of a sent-by or URI that names none (RFC 3261 section 19.1.2, RFC 7118 section 5.2)."""
        return {"tls": 5061, "ws": 80, "wss": 443}.get(self.value, 5060)


class Address(NamedTuple):
    """A numeric host and a port. IPv6 without brackets."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


class Flow(NamedTuple):
    """Where bytes came from and where answers go."""

    transport: Transport
    local: Address
    remote: Address
    serial: int = 0
    """The connection's number within its node; 0 on UDP, whose flows are address pairs."""
    node: str = ""
    """Names one life of one process, so that a stored flow of an earlier life is known to be gone."""

    @property
    def is_private(self) -> bool:
        """Whether its addresses are those of a private network at the other end of a connector, and of nobody else."""
        return self.node.startswith(CONNECTOR)

    def encode(self) -> str:
        """Write the flow as text, for the store and for sealed tokens."""
        (host, port), (remote_host, remote_port) = self.local, self.remote
        return f"{self.transport}|{host}|{port}|{remote_host}|{remote_port}|{self.serial}|{self.node}"

    @classmethod
    def decode(cls, text: str) -> Flow:
        """Read what `encode` wrote.

        Raises:
            ValueError: the text is not of that form.
        """
        transport, local, local_port, remote, remote_port, serial, node = text.split("|")
        return cls(
            Transport(transport), Address(local, int(local_port)), Address(remote, int(remote_port)), int(serial), node
        )
