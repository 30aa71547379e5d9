"""SIP over WebSocket (RFC 7118): one message a frame, subprotocol `sip`, origins checked; only the client pings."""

from __future__ import annotations

import asyncio
import itertools
import ssl
from collections.abc import Callable, Sequence
from typing import TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.asyncio.connection import broadcast
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidMessage
from websockets.protocol import State
from websockets.typing import Origin, Subprotocol

from ringwake.net.reset import reset
from ringwake.net.transport import Listener
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.framing import PONG, KeepAlive
from ringwake.sip.parser import MAX_MESSAGE

SIP = Subprotocol("sip")
HANDSHAKE_SECONDS = 10.0
FIRST_MESSAGE_SECONDS = 20.0
"""A connection that has said nothing by then is closed (reliability S17)."""
CLOSE_SECONDS = 1.0
"""How long a closing handshake may take: the peer may sleep."""
MAX_UNSENT = 256 * 1024
"""Octets that may wait for a slow reader (reliability S17)."""
Connection: TypeAlias = ServerConnection | ClientConnection


class WebSocket:
    """A listener, a client, or both, of one of WS and WSS."""

    def __init__(
        self,
        transport: Transport,
        listener: Listener,
        *,
        node: str,
        tls: ssl.SSLContext | None = None,
        origins: Sequence[str] = (),
    ) -> None:
        """Make one; `listen` and `connect` open it.

        Args:
            transport: WS or WSS.
            listener: told of messages and connections.
            node: names this life of the process in flows.
            tls: a server's context for `listen`, a client's for `connect`; None on WS.
            origins: web origins whose pages may connect. Clients that are no browser send none and are let in.
        """
        self.transport = transport
        self._listener = listener
        self._node = node
        self._tls = tls
        self._origins: list[Origin | None] = [None, *(Origin(origin) for origin in origins)]
        self._serials = itertools.count(1)
        self._connections: dict[Flow, Connection] = {}
        self._readers: set[asyncio.Task[None]] = set()
        self._pongs: dict[Flow, asyncio.TimerHandle] = {}
        """When connections that were pinged are given up."""
        self._server: Server | None = None

    async def listen(self, address: Address) -> None:
        """Accept connections; port 0 takes any.

        Raises:
            OSError: the address cannot be bound.
        """
        self._server = await serve(
            self._accepted,
            address.host,
            address.port,
            ssl=self._tls,
            subprotocols=[SIP],
            origins=self._origins,
            open_timeout=HANDSHAKE_SECONDS,
            close_timeout=CLOSE_SECONDS,
            # A ping to a sleeping phone would wake its radio (design.md section 5).
            ping_interval=None,
            max_size=MAX_MESSAGE,
            compression=None,
        )

    async def connect(self, remote: Address, *, name: str = "") -> Flow:
        """Open a connection; over TLS to whoever proves to be `name`, or the address itself.

        Raises:
            OSError: it cannot be opened, or the other side does not speak SIP on it.
        """
        scheme = "wss" if self._tls else "ws"
        try:
            connection = await connect(
                f"{scheme}://{remote}/",
                ssl=self._tls,
                server_hostname=(name or remote.host) if self._tls else None,
                subprotocols=[SIP],
                open_timeout=HANDSHAKE_SECONDS,
                close_timeout=CLOSE_SECONDS,
                ping_interval=None,
                max_size=MAX_MESSAGE,
                compression=None,
                proxy=None,
            )
        except (InvalidHandshake, InvalidMessage) as error:
            raise OSError("the server does not speak SIP over WebSocket") from error
        if connection.subprotocol != SIP:  # the 101 must name it (RFC 7118 section 4.1)
            await connection.close()
            raise OSError("the server does not speak SIP over WebSocket")
        flow = self._opened(connection)
        reader = asyncio.get_running_loop().create_task(self._read(flow, connection, lambda: None))
        self._readers.add(reader)
        reader.add_done_callback(self._readers.discard)
        return flow

    def addresses(self) -> list[Address]:
        """Return where connections are accepted."""
        if self._server is None:
            return []
        return [Address(*sock.getsockname()[:2]) for sock in self._server.sockets]

    def is_open(self, flow: Flow) -> bool:
        """Tell whether a connection stands, and neither side is closing it."""
        return self._standing(flow) is not None

    def send(self, flow: Flow, octets: bytes) -> bool:
        """Send a message: as text when it is UTF-8, else as binary (RFC 7118 section 5)."""
        connection = self._standing(flow)
        if connection is None:
            return False
        try:
            frame: str | bytes = octets.decode()
        except UnicodeDecodeError:
            frame = octets
        broadcast([connection], frame)
        if connection.transport.get_write_buffer_size() > MAX_UNSENT:
            connection.transport.abort()  # the peer does not read: what it is owed would pile up here
        return True

    def ping(self, flow: Flow, patience: float) -> None:
        """Send a double CRLF; drop the connection if nothing at all comes back in time (RFC 5626 section 4.4.1)."""
        connection = self._standing(flow)
        if connection is not None and flow not in self._pongs:
            broadcast([connection], KeepAlive.PING.value.decode())
            self._pongs[flow] = asyncio.get_running_loop().call_later(patience, connection.transport.abort)

    def close_flow(self, flow: Flow) -> None:
        """Close one connection."""
        connection = self._connections.get(flow)
        if connection is not None:
            connection.transport.close()

    def reset(self, flow: Flow) -> None:
        """Break one connection off, so that what was written and has not arrived never will."""
        connection = self._connections.get(flow)
        if connection is not None:
            reset(connection.transport)

    async def close(self) -> None:
        """Stop accepting, and close all connections."""
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()
        for connection in list(self._connections.values()):
            await connection.close()
        await asyncio.gather(*self._readers, return_exceptions=True)

    async def _accepted(self, connection: ServerConnection) -> None:
        deadline = asyncio.get_running_loop().call_later(FIRST_MESSAGE_SECONDS, connection.transport.close)
        await self._read(self._opened(connection), connection, deadline.cancel)

    def _standing(self, flow: Flow) -> Connection | None:
        connection = self._connections.get(flow)
        if connection is None or connection.state is not State.OPEN or connection.transport.is_closing():
            return None
        return connection

    def _opened(self, connection: Connection) -> Flow:
        local, remote = connection.local_address, connection.remote_address
        flow = Flow(self.transport, Address(*local[:2]), Address(*remote[:2]), next(self._serials), self._node)
        self._connections[flow] = connection
        self._listener.opened(flow)
        return flow

    async def _read(self, flow: Flow, connection: Connection, trust: Callable[[], None]) -> None:
        """Read to the end; `trust` lets the connection stand without a time limit."""
        try:
            async for frame in connection:
                self._heard(flow)
                octets = frame.encode("utf-8", "surrogateescape") if isinstance(frame, str) else frame
                if octets == KeepAlive.PING.value:
                    broadcast([connection], PONG.decode())
                elif octets.strip(b"\r\n"):
                    trust()
                    self._listener.receive([(flow, octets)])
        except ConnectionClosed:
            pass
        finally:
            trust()
            self._heard(flow)
            del self._connections[flow]
            self._listener.closed(flow)

    def _heard(self, flow: Flow) -> None:
        """Whatever comes shows that the other side lives."""
        deadline = self._pongs.pop(flow, None)
        if deadline is not None:
            deadline.cancel()
