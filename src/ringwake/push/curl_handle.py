"""One curl handle: what is asked, what came back, and whether an address was refused on the way."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterable, Mapping

import pycurl

from ringwake.push.http import ACK_SECONDS, BODY_LIMIT, Answer

HEADERS_LIMIT = 64
"""Header fields of an answer that are kept."""
IDLE_SECONDS = 3600
"""How long a connection may lie idle before it is not used again; curl's own default of 118 s costs handshakes."""
# What curl would add of its own accord.
_SUPPRESSED = ("accept:", "expect:", "content-type:")
_FIXED = (
    (pycurl.POST, 1),
    (pycurl.HTTP_VERSION, pycurl.CURL_HTTP_VERSION_2TLS),
    (pycurl.PROTOCOLS, pycurl.PROTO_HTTPS),
    (pycurl.FOLLOWLOCATION, 0),
    (pycurl.NOSIGNAL, 1),
    (pycurl.PIPEWAIT, 1),
    (pycurl.PATH_AS_IS, 1),
    (pycurl.SSLVERSION, pycurl.SSLVERSION_TLSv1_2),
    (pycurl.SSL_VERIFYPEER, 1),
    (pycurl.SSL_VERIFYHOST, 2),
    (pycurl.MAXAGE_CONN, IDLE_SECONDS),
    (pycurl.PROXY, ""),  # the proxies of the environment would hide the address from us
    (pycurl.NOPROXY, "*"),
    (pycurl.USERAGENT, "ringwake"),
)


class CurlHandle:
    """A handle for one request at a time, used again and again."""

    __slots__ = ("_allows", "_body", "_headers", "_status", "curl", "is_refused")

    def __init__(self, *, trust: Iterable[tuple[int, str | bytes]], allows: Callable[[str], bool]) -> None:
        """Make one.

        Args:
            trust: options that say which certificates are trusted.
            allows: tells whether a connection to an address may be opened.
        """
        self._allows = allows
        self._body = bytearray()
        self._headers: dict[str, str] = {}
        self._status = 0
        self.is_refused = False
        """Whether an address was refused."""
        self.curl = curl = pycurl.Curl()
        for option, value in (*_FIXED, *trust):
            curl.setopt(option, value)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        curl.setopt(pycurl.HEADERFUNCTION, self._take_header)
        curl.setopt(pycurl.WRITEFUNCTION, self._take_body)

    def ask(self, url: str, headers: Mapping[str, str], *, body: bytes, within: float) -> None:
        """Prepare the next request."""
        self._body.clear()
        self._headers = {}
        self._status = 0
        self.is_refused = False
        suppressed = [name for name in _SUPPRESSED if name[:-1] not in headers]
        curl = self.curl
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.HTTPHEADER, [*suppressed, *(f"{name}: {value}" for name, value in headers.items())])
        curl.setopt(pycurl.POSTFIELDS, body)
        curl.setopt(pycurl.TIMEOUT_MS, max(1, int(within * 1000)))

    @property
    def is_full(self) -> bool:
        """Whether the answer was cut off at the limit."""
        return len(self._body) >= BODY_LIMIT

    def answer(self) -> Answer:
        """Return what came."""
        return Answer(status=self._status, headers=self._headers, body=bytes(self._body))

    def _open(self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> socket.socket | int:
        """OPENSOCKETFUNCTION: here the name is resolved and nothing is connected yet."""
        family, kind, protocol, peer = address
        if family not in (socket.AF_INET, socket.AF_INET6) or not self._allows(peer[0]):
            self.is_refused = True
            refused: int = pycurl.SOCKET_BAD
            return refused
        opened = socket.socket(family, kind, protocol)
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(ACK_SECONDS * 1000))
        asyncio.get_running_loop().call_soon(opened.close)  # curl works on a duplicate
        return opened

    def _take_header(self, line: bytes) -> None:
        text = line.decode("latin-1").strip()
        if text.startswith("HTTP/"):
            self._headers = {}
            self._status = int(text.split(" ")[1])
            return
        name, colon, value = text.partition(":")
        if colon and len(self._headers) < HEADERS_LIMIT:
            self._headers[name.lower()] = value.strip()

    def _take_body(self, data: bytes) -> int | None:
        room = BODY_LIMIT - len(self._body)
        self._body += data[:room]
        return None if len(data) < room else -1
