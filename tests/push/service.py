"""A small HTTP/2 server on loopback that misbehaves on demand. It knows nothing of any push service."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

import h2.events
from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.errors import ErrorCodes
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes, Settings
from hyperframe.frame import GoAwayFrame
from tests.push.certificates import Certificates


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One request, as it came."""

    headers: tuple[tuple[str, str], ...]
    body: bytes
    connection: int

    def header(self, name: str) -> str | None:
        """Return a header that stands at most once."""
        values = [value for known, value in self.headers if known == name]
        assert len(values) <= 1, f"{name} stands {len(values)} times"
        return values[0] if values else None

    @property
    def path(self) -> str:
        return self.header(":path") or ""

    @property
    def plain(self) -> dict[str, str]:
        """Return the headers but for the pseudo headers; none may stand twice."""
        assert len({name for name, _ in self.headers}) == len(self.headers), self.headers
        return {name: value for name, value in self.headers if not name.startswith(":")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What is answered."""

    status: int = 200
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""


@dataclass(slots=True, kw_only=True)
class Faults:
    """How the server misbehaves."""

    max_streams: int | None = None
    """Streams allowed until the first answer; then 1000."""
    is_strict: bool = False
    """An overrun kills the connection; otherwise the stream is refused."""
    refuses: bool = False
    """Every stream is refused, whatever the SETTINGS said."""
    goaway_every: int | None = None
    """GOAWAY after this many requests of a connection."""
    is_deaf: bool = False
    """Connections are accepted and nothing is ever said."""
    asks_who: bool = False
    """Only clients with a certificate of the CA may come in."""


@dataclass(slots=True)
class Held:
    """A request that waits for its answer."""

    connection: Connection
    stream: int
    received: Received

    def answer(self, reply: Reply) -> None:
        self.connection.answer(self.stream, reply)

    def reset(self) -> None:
        """End this stream alone (RFC 9113 section 6.4)."""
        self.connection.reset(self.stream)


@dataclass(slots=True)
class _Open:
    headers: tuple[tuple[str, str], ...]
    body: bytearray = field(default_factory=bytearray)


class Service:
    """The server. `handle` returns the answer, or None to hold it back (see `held`)."""

    def __init__(self, certificates: Certificates, faults: Faults | None = None) -> None:
        self.faults = faults or Faults()
        self.handle: Callable[[Received], Reply | None] = lambda _: Reply()
        self.received: list[Received] = []
        self.held: list[Held] = []
        self.accepted = 0
        self.resets = 0
        self.refused = 0
        self.answered = 0
        self.live: set[Connection] = set()
        self.changed = asyncio.Event()
        self.port = 0
        self._certificates = certificates
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> Self:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self._certificates.server)
        context.set_alpn_protocols(["h2"])
        if self.faults.asks_who:
            context.load_verify_locations(self._certificates.ca)
            context.verify_mode = ssl.CERT_REQUIRED
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: Connection(self), "127.0.0.1", 0, ssl=context)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        for connection in tuple(self.live):
            connection.drop()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self.port}"  # no name: a machine without /etc/hosts knows none

    async def until(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so; looked at again after everything that happens here."""
        while not is_so():
            self.changed.clear()
            await self.changed.wait()


class Connection(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._h2 = H2Connection(H2Configuration(client_side=False, header_encoding="utf-8"))
        self._open: dict[int, _Open] = {}
        self._unanswered: set[int] = set()
        self._requests = 0
        self._last: int | None = None
        self._has_answered = False
        self.number = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        service = self._service
        service.accepted += 1
        self.number = service.accepted
        service.live.add(self)
        if service.faults.is_deaf:
            return
        limit = service.faults.max_streams
        if limit is not None:
            self._h2.local_settings = Settings(
                client=False, initial_values={SettingCodes.MAX_CONCURRENT_STREAMS: limit}
            )
        self._h2.initiate_connection()
        if limit is not None and not service.faults.is_strict:
            self._h2.local_settings = Settings(client=False)  # announced, but not enforced by h2
        self._flush()
        service.changed.set()

    def connection_lost(self, _exc: Exception | None) -> None:
        self._service.live.discard(self)
        self._service.changed.set()

    def drop(self) -> None:
        """Close at once, without a word."""
        self._transport.abort()

    def close(self) -> None:
        """Say goodbye and close, as a server does with an idle connection."""
        self._h2.close_connection()
        self._flush()
        self._transport.close()

    def data_received(self, data: bytes) -> None:
        if self._service.faults.is_deaf:
            return
        try:
            for event in self._h2.receive_data(data):
                self._take(event)
        except ProtocolError:
            self._flush()
            self._transport.close()
        self._flush()
        self._service.changed.set()

    def answer(self, stream: int, reply: Reply) -> None:
        """Send an answer, unless the client has given up on it."""
        if stream not in self._unanswered or self._transport.is_closing():
            return
        self._unanswered.discard(stream)
        self._service.answered += 1
        self._h2.send_headers(stream, ((":status", str(reply.status)), *reply.headers), end_stream=not reply.body)
        if reply.body:
            room = self._h2.local_flow_control_window(stream)
            for start in range(0, min(room, len(reply.body)), self._h2.max_outbound_frame_size):
                self._h2.send_data(stream, reply.body[start : min(start + self._h2.max_outbound_frame_size, room)])
            if len(reply.body) <= room:
                self._h2.end_stream(stream)
        if not self._has_answered and self._service.faults.max_streams is not None:
            self._has_answered = True
            self._h2.update_settings({SettingCodes.MAX_CONCURRENT_STREAMS: 1000})
        self._flush()

    def reset(self, stream: int) -> None:
        """End a stream without an answer."""
        self._unanswered.discard(stream)
        self._h2.reset_stream(stream, ErrorCodes.INTERNAL_ERROR)
        self._flush()

    def _take(self, event: object) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=int(stream)):
                self._begin(stream, tuple((str(name), str(value)) for name, value in event.headers or ()))
            case h2.events.DataReceived(stream_id=int(stream), data=bytes(data)):
                self._h2.acknowledge_received_data(event.flow_controlled_length or 0, stream)
                if stream in self._open:
                    self._open[stream].body += data
            case h2.events.StreamEnded(stream_id=int(stream)) if stream in self._open:
                self._complete(stream, self._open.pop(stream))
            case h2.events.StreamReset(stream_id=int(stream)):
                self._service.resets += 1
                self._open.pop(stream, None)
                self._unanswered.discard(stream)

    def _begin(self, stream: int, headers: tuple[tuple[str, str], ...]) -> None:
        faults = self._service.faults
        is_full = faults.refuses or (
            faults.max_streams is not None
            and not self._has_answered
            and len(self._unanswered) + len(self._open) >= faults.max_streams
        )
        if self._last is not None or (is_full and not faults.is_strict):
            if is_full and not faults.is_strict:
                self._service.refused += 1
                self._h2.reset_stream(stream, ErrorCodes.REFUSED_STREAM)
            return
        self._open[stream] = _Open(headers)

    def _complete(self, stream: int, opened: _Open) -> None:
        received = Received(headers=opened.headers, body=bytes(opened.body), connection=self.number)
        self._unanswered.add(stream)
        self._requests += 1
        service = self._service
        if service.faults.goaway_every is not None and self._requests == service.faults.goaway_every:
            self._last = max(stream, *self._open, *self._unanswered)
            self._flush()
            frame = GoAwayFrame(stream_id=0, last_stream_id=self._last, error_code=0)
            self._transport.write(frame.serialize())
        service.received.append(received)
        reply = service.handle(received)
        if reply is None:
            service.held.append(Held(self, stream, received))
        else:
            self.answer(stream, reply)

    def _flush(self) -> None:
        if data := self._h2.data_to_send():
            self._transport.write(data)
