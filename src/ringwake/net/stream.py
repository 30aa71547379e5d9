"""SIP over TCP and TLS (RFC 3261 section 18, RFC 5626 section 4.4.1)."""

from __future__ import annotations

import asyncio
import itertools
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import cast

from ringwake.net.reset import reset
from ringwake.net.transport import Batch, Listener
from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.framing import PONG, Framer, KeepAlive
from ringwake.sip.message import Request
from ringwake.sip.parser import parse
from ringwake.sip.replies import stateless_reply

HANDSHAKE_SECONDS = 10.0
FIRST_MESSAGE_SECONDS = 20.0
"""A connection that has said nothing whole by then is closed (reliability S17)."""
MESSAGE_SECONDS = 10.0
"""So long a message may take from its first octet to its last, later on (reliability S17, RFC 4475 section 3.1.2.2)."""
CLOSE_SECONDS = 1.0
"""How long connections may take to let out what was written, when the listener closes."""
MAX_UNSENT = 256 * 1024
"""Octets that may wait for a slow reader; beyond them its connection is dropped (reliability S17)."""
BACKLOG = 512


class Stream:
    """A listener, a client, or both, of one of TCP and TLS."""

    def __init__(
        self,
        transport: Transport,
        listener: Listener,
        *,
        node: str,
        tls: ssl.SSLContext | None = None,
        prepare: Callable[[socket.socket], None] | None = None,
    ) -> None:
        """Make one; `listen` and `connect` open it.

        Args:
            transport: TCP or TLS.
            listener: told of messages and connections.
            node: names this life of the process in flows.
            tls: a server's context for `listen`, a client's for `connect`; None on TCP.
            prepare: sets what is wanted of each connection's socket.
        """
        self.transport = transport
        self._listener = listener
        self._node = node
        self._tls = tls
        self._prepare = prepare
        self._serials: Iterator[int] = itertools.count(1)
        self._connections: dict[Flow, _Connection] = {}
        self._server: asyncio.Server | None = None

    async def listen(self, address: Address) -> None:
        """Accept connections; port 0 takes any.

        Raises:
            OSError: the address cannot be bound.
        """
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(
            lambda: _Connection(self, self._listener),
            address.host,
            address.port,
            ssl=self._tls,
            backlog=BACKLOG,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls else None,
        )

    async def connect(self, remote: Address, *, name: str = "") -> Flow:
        """Open a connection; over TLS to whoever proves to be `name`, or the address itself.

        Raises:
            OSError: it cannot be opened (`ssl.SSLError` among them).
        """
        loop = asyncio.get_running_loop()
        _, connection = await loop.create_connection(
            lambda: _Connection(self, self._listener),
            remote.host,
            remote.port,
            ssl=self._tls,
            ssl_handshake_timeout=HANDSHAKE_SECONDS if self._tls else None,
            server_hostname=(name or remote.host) if self._tls else None,
        )
        if connection.flow is None:
            raise ConnectionResetError("the connection was gone before it stood")
        connection.trust()
        return connection.flow

    def addresses(self) -> list[Address]:
        """Return where connections are accepted."""
        if self._server is None:
            return []
        return [Address(*sock.getsockname()[:2]) for sock in self._server.sockets]

    def is_open(self, flow: Flow) -> bool:
        """Tell whether a connection stands."""
        return flow in self._connections

    def send(self, flow: Flow, octets: bytes) -> bool:
        """Send a message down a connection."""
        connection = self._connections.get(flow)
        return connection is not None and connection.write(octets)

    def ping(self, flow: Flow, patience: float) -> None:
        """Send a double CRLF; drop the connection if nothing at all comes back in time (RFC 5626 section 4.4.1)."""
        connection = self._connections.get(flow)
        if connection is not None:
            connection.ping(patience)

    def close_flow(self, flow: Flow) -> None:
        """Close one connection, after what was written."""
        connection = self._connections.get(flow)
        if connection is not None:
            connection.close()

    def reset(self, flow: Flow) -> None:
        """Break one connection off, so that what was written and has not arrived never will."""
        connection = self._connections.get(flow)
        if connection is not None:
            connection.reset()

    async def close(self) -> None:
        """Stop accepting, and close all connections."""
        if self._server is not None:
            self._server.close()
        gone = [connection.gone for connection in self._connections.values()]
        for connection in list(self._connections.values()):
            connection.close()
        if gone:
            await asyncio.wait(gone, timeout=CLOSE_SECONDS)
        for connection in list(self._connections.values()):
            connection.abort()
        if self._server is not None:
            await self._server.wait_closed()

    def opened(self, connection: _Connection, transport: asyncio.Transport) -> Flow:
        """Name a new connection."""
        if self._prepare is not None:
            self._prepare(transport.get_extra_info("socket"))
        local, remote = transport.get_extra_info("sockname"), transport.get_extra_info("peername")
        flow = Flow(self.transport, Address(*local[:2]), Address(*remote[:2]), next(self._serials), self._node)
        self._connections[flow] = connection
        self._listener.opened(flow)
        return flow

    def lost(self, flow: Flow) -> None:
        """Forget a connection."""
        if self._connections.pop(flow, None) is not None:
            self._listener.closed(flow)


class _Connection(asyncio.Protocol):
    def __init__(self, stream: Stream, listener: Listener) -> None:
        loop = asyncio.get_running_loop()
        self._stream = stream
        self._listener = listener
        self._framer = Framer()
        self._transport: asyncio.Transport | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._pong_by: asyncio.TimerHandle | None = None
        self.flow: Flow | None = None
        self.gone: asyncio.Future[None] = loop.create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.set_write_buffer_limits(high=MAX_UNSENT)
        if self._transport.get_extra_info("peername") is None:
            self._transport.abort()  # gone before it stood
            return
        self._deadline = asyncio.get_running_loop().call_later(FIRST_MESSAGE_SECONDS, self.close)
        self.flow = self._stream.opened(self, self._transport)

    def data_received(self, data: bytes) -> None:
        if self.flow is None:
            return
        self._heard()
        batch: Batch = []
        broken: ParseError | None = None
        try:
            for frame in self._framer.feed(data):
                if frame is KeepAlive.PING:
                    self.write(PONG)
                elif isinstance(frame, bytes):
                    batch.append((self.flow, frame))
        except ParseError as error:
            broken = error.with_traceback(None)  # whose frames hold this one: a circle
        if batch:
            self.trust()
            self._listener.receive(batch)
        if broken is not None:
            self._refuse(broken)
        else:
            self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        del exc
        self.trust()
        self._heard()
        if not self.gone.done():
            self.gone.set_result(None)
        if self.flow is not None:
            self._stream.lost(self.flow)

    def pause_writing(self) -> None:
        # The peer does not read: what it is owed would pile up here.
        self.abort()

    def _watch(self) -> None:
        """Wait for the rest of a message, but not for ever."""
        if self._deadline is None and not self._framer.is_idle:
            self._deadline = asyncio.get_running_loop().call_later(MESSAGE_SECONDS, self.close)

    def trust(self) -> None:
        """Let the connection stand without a time limit."""
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def ping(self, patience: float) -> None:
        """Ask for a sign of life, unless one is being waited for."""
        if self._pong_by is None and self.write(KeepAlive.PING.value):
            self._pong_by = asyncio.get_running_loop().call_later(patience, self.abort)

    def _heard(self) -> None:
        """Whatever comes shows that the other side lives."""
        if self._pong_by is not None:
            self._pong_by.cancel()
            self._pong_by = None

    def write(self, octets: bytes) -> bool:
        """Send; False when the connection is closing."""
        if self._transport is None or self._transport.is_closing():
            return False
        self._transport.write(octets)
        return True

    def close(self) -> None:
        """Close after what was written."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Close now."""
        if self._transport is not None:
            self._transport.abort()

    def reset(self) -> None:
        """Close now, and let go of what the peer has not acknowledged."""
        if self._transport is not None:
            reset(self._transport)

    def _refuse(self, error: ParseError) -> None:
        """Answer the request that broke the stream, if it can be read, and close (reliability S15)."""
        self._listener.unreadable(error.rule)
        try:
            broken = parse(self._framer.head(), is_stream=True)
        except SipError:
            broken = None
        if isinstance(broken, Request) and "via" in broken.headers:
            self.write(stateless_reply(broken, error.status).encode())
        self.close()
