"""An edge that connectors dial, PBXs of a few lines beside them, and connectors in this process."""

from __future__ import annotations

import asyncio
import contextlib
import json
import ssl
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, cast

from tests.support.recorder import Recorder
from tests.support.sip_messages import octets as sip
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

from ringwake.connector.connector import Connector
from ringwake.connector.settings import ConnectorSettings
from ringwake.model.events import Event
from ringwake.net.tunnel import Tunnel
from ringwake.net.tunnel_server import TunnelServer
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport

LOOPBACK = Address("127.0.0.1", 0)
PBX = Address("10.0.0.5", 5060)
TENANT, OTHER = "example.com", "other.example"
TOKEN, OTHER_TOKEN = "token-of-example-0123456789", "token-of-other-0123456789"
TOKENS = {TENANT: Secret(TOKEN), OTHER: Secret(OTHER_TOKEN)}


class Ear(Recorder):
    """The edge's listener; also hears what the tunnels note and what the server tells."""

    def __init__(self) -> None:
        super().__init__()
        self.events: list[Event] = []
        self.told: list[str] = []

    def note(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    def tell(self, text: str) -> None:
        self.told.append(text)
        self._changed.set()

    async def until_told(self, words: str, *, times: int = 1) -> None:
        """Wait until the server has said that so often, since the beginning."""
        await self.until(lambda: sum(words in text for text in self.told) >= times)


class Edge:
    """What connectors see of an edge."""

    def __init__(self, tokens: Mapping[str, Secret[str]] = TOKENS, *, tls: ssl.SSLContext | None = None) -> None:
        self.ear = Ear()
        self.tunnels = {name: Tunnel(name, self.ear, note=self.ear.note) for name in (TENANT, OTHER)}
        self.tls = tls
        self._tokens = tokens
        self.server = self._server()
        self._address = LOOPBACK

    @property
    def tunnel(self) -> Tunnel:
        """The one of the tenant that most tests are about."""
        return self.tunnels[TENANT]

    @property
    def url(self) -> str:
        return f"{'wss' if self.tls else 'ws'}://{self._address}/connector"

    async def listen(self, address: Address | None = None) -> None:
        """Listen; again where it listened before, once it was closed."""
        await self.server.listen(address or self._address)
        (self._address,) = self.server.addresses()

    async def restart(self) -> None:
        """Close all links, and listen again."""
        await self.server.close()
        self.server = self._server()
        await self.listen()

    async def close(self) -> None:
        await self.server.close()
        for tunnel in self.tunnels.values():
            await tunnel.close()

    def _server(self) -> TunnelServer:
        return TunnelServer(self.tunnels, self._tokens, tls=self.tls, tell=self.ear.tell)


@asynccontextmanager
async def edge(
    tokens: Mapping[str, Secret[str]] = TOKENS, *, tls: ssl.SSLContext | None = None, at: Address = LOOPBACK
) -> AsyncIterator[Edge]:
    """Open an edge."""
    opened = Edge(tokens, tls=tls)
    await opened.listen(at)
    try:
        yield opened
    finally:
        await opened.close()


class DatagramPbx(asyncio.DatagramProtocol):
    """A PBX on UDP: it hears, and says what a test wants."""

    def __init__(self) -> None:
        self.heard: asyncio.Queue[tuple[bytes, Address]] = asyncio.Queue()
        self._transport: asyncio.DatagramTransport | None = None

    @property
    def address(self) -> Address:
        assert self._transport is not None
        return Address(*self._transport.get_extra_info("sockname")[:2])

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.heard.put_nowait((data, Address(*addr[:2])))

    def say(self, octets: bytes, to: Address) -> None:
        assert self._transport is not None
        self._transport.sendto(octets, tuple(to))

    async def hears(self, count: int) -> list[bytes]:
        """Wait for so many messages."""
        return [(await self.heard.get())[0] for _ in range(count)]


@asynccontextmanager
async def datagram_pbx(at: Address = LOOPBACK) -> AsyncIterator[DatagramPbx]:
    """Open a PBX on UDP."""
    transport, pbx = await asyncio.get_running_loop().create_datagram_endpoint(
        DatagramPbx, local_addr=(at.host, at.port)
    )
    try:
        yield pbx
    finally:
        transport.close()


@asynccontextmanager
async def connector(
    at: Edge, *pbx: Address, transport: Transport = Transport.UDP, token: str = TOKEN, tls: ssl.SSLContext | None = None
) -> AsyncIterator[Connector]:
    """Run a connector of the tenant, and wait until the edge has let it in."""
    ready = asyncio.Event()
    settings = ConnectorSettings(
        edge=at.url, tenant=TENANT, transport=transport, pbx=pbx, local=LOOPBACK, token=Secret(token), tls=tls
    )
    made = Connector(settings, chance=lambda: 0.0, ready=lambda _: ready.set())
    running = asyncio.ensure_future(made.run())
    waiting = asyncio.ensure_future(ready.wait())
    try:
        await asyncio.wait([running, waiting], return_when=asyncio.FIRST_COMPLETED)
        if running.done():
            running.result()
        yield made
    finally:
        running.cancel()
        waiting.cancel()
        await asyncio.gather(running, waiting, return_exceptions=True)


def numbered(number: int) -> bytes:
    """Return a message that differs from all others."""
    return sip("OPTIONS sip:pbx SIP/2.0", f"Call-ID: {number}", "Content-Length: 0")


def bearer(token: str) -> Sequence[tuple[str, str]]:
    """Return the header of a token."""
    return [("Authorization", f"Bearer {token}")]


def hello(**changes: Any) -> str:
    """Write the first word of a connector."""
    word = {"say": "hello", "v": 1, "tenant": TENANT, "transport": "udp", "local": "10.0.0.9:5070", "pbx": str(PBX)}
    return json.dumps(word | changes)


def dial(at: Edge, token: str = TOKEN, **more: Any) -> connect:
    """Connect by a library alone."""
    more.setdefault("additional_headers", bearer(token) if token else [])
    return connect(at.url, proxy=None, close_timeout=1, compression=None, **more)


async def let_in(connection: ClientConnection, **changes: Any) -> None:
    """Say hello, and be welcome."""
    await connection.send(hello(**changes))
    assert json.loads(await connection.recv()) == {"say": "welcome", "v": 1}


async def closed(connection: ClientConnection) -> tuple[int | None, str | None]:
    """Read until the edge closes; return how it did."""
    with contextlib.suppress(ConnectionClosed):
        while True:
            await connection.recv()
    return connection.close_code, connection.close_reason
