"""How a listener behaves on the wire: terms it is built with, manners that switches change, what it has counted."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a service announces and bears. The defaults are Apple's SETTINGS (push-services 1.1)."""

    http1: bool = True
    """HTTP/1.1 is spoken too."""
    asks_who: bool = False
    """A client may show a certificate."""
    header_table_size: int = 4096
    streams: int = 1000
    """MAX_CONCURRENT_STREAMS."""
    first_streams: int = 0
    """The same until a connection is trusted (`Response.trusts_peer`); 0: no difference."""
    frame_size: int = 16_384
    header_list_size: int = 8000
    body_size: int = 65_536
    """Beyond it a handler gets the request cut, and at once."""
    connections: int = 1000
    """More are closed when they come: the bound on what strangers can make us hold."""
    handshake_seconds: float = 10.0
    idle_debug: bytes = b""
    """Debug data of the GOAWAY that closes an idle connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """What can be changed while connections are open. The defaults are a service without faults."""

    streams: int = 0
    """MAX_CONCURRENT_STREAMS in place of the terms'; 0: theirs."""
    overrun_ends: bool = False
    """A stream above the limit ends the connection by GOAWAY, in place of REFUSED_STREAM."""
    goaway_every: int = 0
    """GOAWAY after so many requests of a connection; 0: never."""
    goaway_debug: bytes = b""
    idle_seconds: float = 0.0
    freeze: bool = False
    stall: bool = False


@dataclass(slots=True, kw_only=True)
class Counters:
    """What happened on a listener since it was made."""

    connections: int = 0
    requests: int = 0
    refused: int = 0
    """Streams above the limit."""
    resets: int = 0
    """Streams that the client broke off."""
    resets_sent: int = 0
    """Streams that we broke off, those refused not counted."""
    pings: int = 0
    goaways: int = 0
    malformed: int = 0
    """Requests or connections that broke the rules of HTTP."""
    failures: int = 0
    """Errors of our own; they are bugs."""
