"""A connection to a PBX that keeps its name when it is dialled again, also in the next life of the server.

Calls are parked for longer than a restart takes. What was asked down one connection is answered down the next, if the
first is gone by then (RFC 3261 section 18.2.2): so to the rest of the house they are one flow, open or not.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from typing import Protocol

from ringwake.net.transport import Batch, Carrier, Connector, Listener
from ringwake.sip.flow import Address, Flow, Transport

IDLE_SECONDS = 30
"""So often an idle connection shows that it lives: firewalls forget one that says nothing, and tell nobody."""
ACK_SECONDS = 10
"""A PBX whose system acknowledges nothing for so long is gone: by itself ours would go on for a quarter of an hour."""


def watch(connection: socket.socket) -> None:
    """Let the system find out whether the PBX's is still there. A phone's connection is never watched like this."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, ACK_SECONDS)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, ACK_SECONDS * 1000)


class Dialling(Carrier, Connector, Protocol):
    """A transport that opens connections."""


class TrunkLine:
    """Stands between a transport, as its listener, and the stack, as a carrier of it. One connection at a time."""

    def __init__(self, tenant: str, listener: Listener, make: Callable[[Listener], Dialling]) -> None:
        """Make one for a tenant; `make` returns what opens the connections, and tells the listener of them."""
        self._listener = listener
        self._carrier = make(self)
        self.transport: Transport = self._carrier.transport
        self.node = f"trunk:{self.transport.value}:{tenant}"
        self._local = Address("", 0)
        self._now: Flow | None = None
        """The connection that stands."""
        self._gone: asyncio.Future[None] | None = None

    async def connect(self, remote: Address, *, name: str, local: Address) -> Flow:
        """Open the connection; return the flow that all of them are, to this PBX.

        Args:
            remote: the PBX.
            name: whom its certificate must name, over TLS.
            local: where we listen. That stands in what we write to it, and not the connection's own port.

        Raises:
            OSError: it cannot be opened.
        """
        self._local = local
        flow = await self._carrier.connect(remote, name=name)
        if not self._carrier.is_open(flow):
            raise ConnectionResetError("the connection was gone before it stood")
        self._now = flow
        return self._known(flow)

    def gone(self) -> asyncio.Future[None]:
        """Return what is done when the connection is gone."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._gone = done
        if self._now is None:
            done.set_result(None)
        return done

    # ---- as the stack sees it

    def send(self, flow: Flow, octets: bytes) -> bool:
        """Send down the connection that stands."""
        del flow
        return self._now is not None and self._carrier.send(self._now, octets)

    def is_open(self, flow: Flow) -> bool:
        """Tell whether a connection stands, be it another than when the flow got its name."""
        del flow
        return self._now is not None and self._carrier.is_open(self._now)

    def ping(self, flow: Flow, patience: float) -> None:
        """Ask the PBX for a sign of life."""
        del flow
        if self._now is not None:
            self._carrier.ping(self._now, patience)

    def close_flow(self, flow: Flow) -> None:
        """Close the connection."""
        del flow
        if self._now is not None:
            self._carrier.close_flow(self._now)

    def reset(self, flow: Flow) -> None:
        """Break the connection off."""
        del flow
        if self._now is not None:
            self._carrier.reset(self._now)

    def addresses(self) -> list[Address]:
        """Return nothing: nobody dials in here."""
        return []

    async def close(self) -> None:
        """Close the connection for good."""
        await self._carrier.close()

    # ---- as the transport sees it

    def receive(self, batch: Batch) -> None:
        """Pass on what has come."""
        self._listener.receive([(self._known(flow), octets) for flow, octets in batch])

    def opened(self, flow: Flow) -> None:
        """Take note of the connection."""
        self._now = flow
        self._listener.opened(self._known(flow))

    def closed(self, flow: Flow) -> None:
        """Take note that it is gone."""
        if flow != self._now:
            return
        self._now = None
        if self._gone is not None and not self._gone.done():
            self._gone.set_result(None)
        self._listener.closed(self._known(flow))

    def unreadable(self, rule: str) -> None:
        """Pass on that something was no message."""
        self._listener.unreadable(rule)

    def _known(self, flow: Flow) -> Flow:
        return flow._replace(local=self._local, serial=0, node=self.node)
