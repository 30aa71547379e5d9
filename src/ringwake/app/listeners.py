"""Opening what the configuration says to listen on; what cannot be opened is named."""

from __future__ import annotations

import asyncio
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ringwake.config.load import host_port
from ringwake.config.schema import ListenSection
from ringwake.net.stack import Stack
from ringwake.net.stream import Stream
from ringwake.net.tls import server_context
from ringwake.net.transport import Carrier
from ringwake.net.udp import Udp
from ringwake.net.websocket import WebSocket
from ringwake.sip.flow import Address, Transport

_MENDS = {
    errno.EADDRINUSE: "is another server running there?",
    errno.EADDRNOTAVAIL: "this machine does not have it",
    errno.EACCES: "take a port above 1023, or let the process bind this one",
}


class ListenError(Exception):
    """An address cannot be listened on. The text names its place in the configuration, and the mend."""


@contextmanager
def named(place: str, address: str) -> Iterator[None]:
    """Give an address that cannot be bound its place in the configuration.

    Raises:
        ListenError: it is taken, another machine's, or not for us.
    """
    try:
        yield
    except OSError as error:
        mend = _MENDS.get(error.errno or 0)
        if mend is None:
            raise
        reason = os.strerror(error.errno or 0)
        raise ListenError(f"{place}: cannot listen on {address}: {reason}: {mend}") from None


async def open_listener(section: ListenSection, place: str, *, base: Path, stack: Stack, node: str) -> Carrier:
    """Open a SIP listener and add it to the stack.

    Args:
        section: what to listen on.
        place: its place in the configuration.
        base: where relative paths begin.
        stack: told of what comes.
        node: name of this life of the server, for flows.

    Raises:
        ListenError: the address cannot be bound.
        OSError: certificate or key cannot be used.
    """
    address = host_port(section.address, place)
    at, transport = Address(address.host, address.port), Transport(section.transport)
    tls = server_context(base / section.certificate, base / section.key) if section.key else None
    carrier: Carrier
    with named(f"{place}.address", f"{section.transport} {section.address}"):
        if transport is Transport.UDP:
            carrier = Udp.bind(at, stack, asyncio.get_running_loop(), advertise=section.advertise)
        else:
            stream: Stream | WebSocket
            if transport in (Transport.WS, Transport.WSS):
                stream = WebSocket(transport, stack, node=node, tls=tls, origins=section.origins)
            else:
                stream = Stream(transport, stack, node=node, tls=tls)
            await stream.listen(at)
            carrier = stream
    stack.add(carrier)
    return carrier
