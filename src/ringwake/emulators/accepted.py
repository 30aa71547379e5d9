"""One TCP connection from accept to end: it owns the socket, so a half-done TLS handshake ends with the listener."""

import asyncio
import ssl
from collections.abc import Callable

from ringwake.emulators.line import Choose, Line, Site

# How long a peer may take to answer our close_notify.
_GOODBYE_SECONDS = 0.5


class Accepted(asyncio.Protocol):
    """Shakes hands, then leaves the connection to its line."""

    def __init__(self, site: Site, tls: ssl.SSLContext, choose: Choose, gone: Callable[["Accepted"], None]) -> None:
        self._site = site
        self._tls = tls
        self._gone = gone
        self._tcp: asyncio.Transport | None = None
        self.is_welcome = True
        """False: there are too many connections; close it at once."""
        self.line = Line(site, choose, self._release)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin TLS; until then nothing is read."""
        assert isinstance(transport, asyncio.Transport)
        self._tcp = transport
        if self.is_welcome:
            transport.pause_reading()
            self._site.spawn(self._shake_hands(transport))
        else:
            transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Only called if TLS never began."""
        del exc
        self._release()

    async def _shake_hands(self, tcp: asyncio.Transport) -> None:
        loop = asyncio.get_running_loop()
        try:
            secured = await loop.start_tls(
                tcp,
                self.line,
                self._tls,
                server_side=True,
                ssl_handshake_timeout=self._site.terms.handshake_seconds,
                ssl_shutdown_timeout=_GOODBYE_SECONDS,
            )
        except OSError:  # TLS errors are among them
            secured = None
        except asyncio.CancelledError:
            self._abandon(tcp)
            raise
        if secured is None:
            self._site.counters.malformed += 1
            self._abandon(tcp)
        else:
            self.line.begin(secured)

    def _abandon(self, tcp: asyncio.Transport) -> None:
        tcp.abort()
        self._release()

    def cut(self) -> None:
        """Close without a word."""
        self.is_welcome = False
        if self._tcp is not None:
            self._tcp.abort()

    def leave(self) -> None:
        """Say goodbye and close, whatever is open."""
        if self._site.manner.freeze or not self.line.is_up:
            self.cut()
        else:
            self.line.goodbye()
            self.line.close()

    def _release(self) -> None:
        self._gone(self)
