"""One TLS listener on loopback that speaks HTTP/2 and HTTP/1.1 and hands whole requests to a plain handler."""

import asyncio
import socket
import ssl
from itertools import count

from ringwake.emulators.accepted import Accepted
from ringwake.emulators.clock import Clock
from ringwake.emulators.exchange import Handler, Peer
from ringwake.emulators.http1 import Http1
from ringwake.emulators.http2 import PREFACE, Http2
from ringwake.emulators.line import Choose, Engine, Line, Site
from ringwake.emulators.manner import Counters, Manner, Terms

_BACKLOG = 128


class Listener:
    """Accepts connections on one port until closed; `shut` and `reopen` play a service that is down for a while."""

    def __init__(self, handler: Handler, *, tls: ssl.SSLContext, clock: Clock, terms: Terms | None = None) -> None:
        self._site = Site(handler=handler, clock=clock, terms=terms or Terms())
        self._tls = tls
        self._address = ("", 0)
        self._server: asyncio.Server | None = None
        self._reserved: socket.socket | None = None
        self._open: set[Accepted] = set()
        self._numbers = count(1)
        self._gone = asyncio.Event()
        self._shall_listen = False
        self._is_closed = False

    async def open(self, host: str, port: int = 0) -> None:
        """Listen; port 0 takes a free one."""
        self._address = (host, port)
        self._reserve()
        await self.reopen()

    @property
    def port(self) -> int:
        """The port listened on, also while shut."""
        return self._address[1]

    @property
    def counters(self) -> Counters:
        """What has happened so far."""
        return self._site.counters

    @property
    def open_connections(self) -> int:
        """How many connections are open, half-done handshakes among them."""
        return len(self._open)

    @property
    def open_requests(self) -> int:
        """How many requests are under way on all connections."""
        return sum(accepted.line.open_requests for accepted in self._open)

    def apply(self, manner: Manner) -> None:
        """Change how open and later connections are treated."""
        self._site.manner = manner
        for accepted in list(self._open):
            accepted.line.settle()

    def shut(self) -> None:
        """Refuse connections from now on and cut the open ones; the port stays ours."""
        self._shall_listen = False
        if self._server is not None:
            self._server.close()
            self._server = None
            if not self._is_closed:
                self._reserve()
        for accepted in list(self._open):
            accepted.cut()

    async def reopen(self) -> None:
        """Listen again."""
        self._shall_listen = True
        if self._reserved is None:
            return
        reserved, self._reserved = self._reserved, None
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._accept, sock=reserved, backlog=_BACKLOG)
        if not self._shall_listen:
            self.shut()

    async def close(self) -> None:
        """Say goodbye to the open connections, close them, and return when all is gone."""
        self._shall_listen, self._is_closed = False, True
        if self._server is not None:
            self._server.close()
            self._server = None
        if self._reserved is not None:
            self._reserved.close()
            self._reserved = None
        tasks = list(self._site.tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for accepted in list(self._open):
            accepted.leave()
        while self._open:
            self._gone.clear()
            await self._gone.wait()

    def _reserve(self) -> None:
        """Bind the port without listening: connections are refused, and nobody else takes it."""
        self._reserved = socket.socket(socket.AF_INET6 if ":" in self._address[0] else socket.AF_INET)
        self._reserved.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self._reserved.bind(self._address)
        self._address = self._reserved.getsockname()[:2]

    def _accept(self) -> Accepted:
        self.counters.connections += 1
        accepted = Accepted(self._site, self._tls, self._chooser(Peer(next(self._numbers))), self._release)
        accepted.is_welcome = len(self._open) < self._site.terms.connections
        self._open.add(accepted)
        return accepted

    def _release(self, accepted: Accepted) -> None:
        self._open.discard(accepted)
        if not self._open:
            self._gone.set()

    def _chooser(self, peer: Peer) -> Choose:
        site = self._site

        def choose(line: Line, first: bytes) -> Engine | None:
            peer.certificate = line.certificate
            if line.alpn == "h2" or first.startswith(PREFACE):
                return Http2(line, site, peer)
            if line.alpn is None and PREFACE.startswith(first):
                return None
            if site.terms.http1:
                return Http1(line, site, peer)
            site.counters.malformed += 1
            line.abort()
            return None

        return choose
