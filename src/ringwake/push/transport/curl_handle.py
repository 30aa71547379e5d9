"""One curl handle: what is asked, what came back, and whether an address was refused on the way."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Mapping

import pycurl

from ringwake.push.errors import UnansweredError
from ringwake.push.transport.curl_options import Options
from ringwake.push.transport.http import ACK_SECONDS, BODY_LIMIT, Answer

HEADERS_LIMIT = 64
"""Header fields of an answer that are kept."""
IDLE_SECONDS = 3600
"""How long a connection may lie idle before it is not used again; curl's own default of 118 s costs handshakes."""
PROBE_SECONDS = 30
"""Idle seconds after which the kernel asks whether the peer is still there. A dead connection is not used again."""
# No more than these three: strangers may name a field or a trailer "HTTP/", too.
_STATUS_LINE = re.compile(r"\nHTTP/[0-9.]+ ([0-9]{3})(?=[ \r\n]).*", re.IGNORECASE)
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
    (pycurl.USERAGENT, "ringwake"),
)
_SOCKET = (
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(ACK_SECONDS * 1000)),
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, PROBE_SECONDS),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, int(ACK_SECONDS)),
)


class CurlHandle:
    """A handle for one request at a time, used again and again."""

    __slots__ = ("_allows", "_body", "_lines", "curl", "is_refused")

    def __init__(self, options: Options, *, allows: Callable[[str], bool]) -> None:
        """Make one.

        Args:
            options: what all requests have in common.
            allows: tells whether a connection to an address may be opened.
        """
        self._allows = allows
        self._body = bytearray()
        self._lines: list[bytes] = []
        self.is_refused = False
        """Whether an address was refused."""
        self.curl = curl = pycurl.Curl()
        for option, value in (*_FIXED, *options):
            curl.setopt(option, value)
        curl.setopt(pycurl.OPENSOCKETFUNCTION, self._open)
        curl.setopt(pycurl.HEADERFUNCTION, self._lines.append)  # curl itself stops at 300 kB of them
        curl.setopt(pycurl.WRITEFUNCTION, self._take_body)

    def ask(self, url: str, headers: Mapping[str, str], *, body: bytes, within: float) -> None:
        """Prepare the next request."""
        self._body.clear()
        self._lines.clear()
        self.is_refused = False
        lines = [f"{name}: {value}" for name, value in headers.items()]
        lines += [name for name in _SUPPRESSED if name[:-1] not in headers]
        curl = self.curl
        curl.setopt(pycurl.URL, url)
        curl.setopt(pycurl.HTTPHEADER, lines)
        curl.setopt(pycurl.POSTFIELDS, body)
        curl.setopt(pycurl.TIMEOUT_MS, max(1, int(within * 1000)))

    def pin(self, address: str) -> None:
        """Let the proxy connect to this address instead of resolving the name, from now on."""
        self.curl.setopt(pycurl.CONNECT_TO, [f"::[{address}]:" if ":" in address else f"::{address}:"])

    @property
    def is_full(self) -> bool:
        """Whether the answer was cut off at the limit."""
        return len(self._body) >= BODY_LIMIT

    def answer(self) -> Answer:
        """Return what came. Of several answers (a proxy's, interim ones) the last counts.

        Raises:
            UnansweredError: nothing that has a status, though curl took it.
        """
        text = "\n" + b"".join(self._lines).decode("latin-1")
        *_, last = (None, *_STATUS_LINE.finditer(text))
        if last is None:
            raise UnansweredError("an answer that is none")
        headers: dict[str, str] = {}
        for line in text[last.end() :].split("\n")[1 : HEADERS_LIMIT + 1]:
            name, colon, value = line.partition(":")
            if colon:
                headers[name.lower()] = value.strip()
        return Answer(status=int(last[1]), headers=headers, body=bytes(self._body))

    def _open(self, _purpose: int, address: tuple[int, int, int, tuple[str, int]]) -> socket.socket | int:
        """OPENSOCKETFUNCTION: here the name is resolved and nothing is connected yet."""
        family, kind, protocol, peer = address
        if family not in (socket.AF_INET, socket.AF_INET6) or not self._allows(peer[0]):
            self.is_refused = True
            refused: int = pycurl.SOCKET_BAD
            return refused
        opened = socket.socket(family, kind, protocol)
        for level, option, value in _SOCKET:
            opened.setsockopt(level, option, value)
        asyncio.get_running_loop().call_soon(opened.close)  # curl works on a duplicate
        return opened

    def _take_body(self, data: bytes) -> int | None:
        room = BODY_LIMIT - len(self._body)
        self._body += data[:room]
        return None if len(data) < room else -1
