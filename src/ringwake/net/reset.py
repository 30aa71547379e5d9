"""Breaking a connection off: neither side gets what is still under way."""

from __future__ import annotations

import asyncio
import socket
import struct

# To close means to send RST and to forget what was written: <sys/socket.h>, struct linger.
_AT_ONCE = struct.pack("ii", 1, 0)


def reset(transport: asyncio.WriteTransport) -> None:
    """Close a TCP connection, whatever it carries, by RST.

    Closed in any other way, the system goes on sending what it has taken: to a phone that is out of reach, for minutes.
    """
    connection: socket.socket | None = transport.get_extra_info("socket")
    if connection is not None and connection.fileno() >= 0:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _AT_ONCE)
    transport.abort()
