"""A small HTTP proxy on loopback that only knows CONNECT, and leads every tunnel to where the test says."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from types import TracebackType
from typing import Self

from ringwake.push.transport.proxy import Proxy, read_proxy
from ringwake.secret import Secret


class ConnectProxy:
    """The proxy. With credentials it refuses whoever does not bring them."""

    def __init__(self, leads_to: int, *, credentials: str = "", lives_for: int | None = None) -> None:
        """Begin.

        Args:
            leads_to: port on loopback, whatever was asked for.
            credentials: `user:password`; empty: everybody may.
            lives_for: octets from the server after which a tunnel is cut; None: for ever.
        """
        self.asked: list[str] = []
        """What CONNECT named."""
        self.refused = 0
        self.lives_for = lives_for
        self.port = 0
        self._leads_to = leads_to
        self._expected = f"Basic {b64encode(credentials.encode()).decode()}" if credentials else ""
        self._server: asyncio.Server | None = None
        self._tunnels: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        assert self._server is not None
        self._server.close()
        tunnels = tuple(self._tunnels)
        for tunnel in tunnels:
            tunnel.cancel()
        await asyncio.gather(*tunnels, return_exceptions=True)

    def settings(self, credentials: str = "") -> Proxy:
        """Return how it is used, as the configuration would have it."""
        at = f"{credentials}@" if credentials else ""
        proxy = read_proxy(Secret(f"http://{at}127.0.0.1:{self.port}"))
        assert proxy is not None
        return proxy

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tunnels.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.IncompleteReadError):
            pass
        except asyncio.CancelledError:
            pass  # asyncio's streams would report it as a fault
        finally:
            self._tunnels.discard(task)
            writer.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        request, *lines = head.split("\r\n")
        method, target, _ = request.split(" ")
        assert method == "CONNECT"
        self.asked.append(target)
        fields = dict(line.lower().split(": ", 1) for line in lines if line)
        if self._expected and fields.get("proxy-authorization") != self._expected.lower():
            self.refused += 1
            writer.write(b"HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
            return
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self._leads_to)
        try:
            writer.write(b"HTTP/1.1 200 Tunnel\r\nX-Proxy: yes\r\n\r\n")
            up = asyncio.create_task(_pump(reader, server_writer, None))
            down = asyncio.create_task(_pump(server_reader, writer, self.lives_for))
            try:
                await asyncio.wait([up, down], return_when=asyncio.FIRST_COMPLETED)
            finally:
                up.cancel()
                down.cancel()
                await asyncio.gather(up, down, return_exceptions=True)
        finally:
            server_writer.close()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, limit: int | None) -> None:
    """Pass octets on until an end, or until so many went by."""
    passed = 0
    while data := await reader.read(65536):
        passed += len(data)
        if limit is not None and passed > limit:
            return
        writer.write(data)
        await writer.drain()
