"""Bare sockets that send and hear octets: nothing of ours reads or writes for them."""

from __future__ import annotations

import re
import socket
import time
from dataclasses import dataclass
from itertools import count
from types import TracebackType
from typing import Protocol, Self

SECONDS = 10.0
SIP_PORT = 5060
_COMPACT = {"v": "via", "f": "from", "t": "to", "i": "call-id", "m": "contact", "l": "content-length"}
_SERIAL = count(1)


def token() -> str:
    """Return text that stands in all messages of one test, and in none of another."""
    return f"T{next(_SERIAL)}T"


@dataclass(frozen=True, slots=True)
class Heard:
    """A message as it came."""

    octets: bytes

    @property
    def start(self) -> str:
        """Its first line."""
        return self.lines[0]

    @property
    def lines(self) -> list[str]:
        """All lines of its head."""
        return self.octets.partition(b"\r\n\r\n")[0].decode("utf-8", "surrogateescape").split("\r\n")

    @property
    def body(self) -> bytes:
        """What follows the empty line."""
        return self.octets.partition(b"\r\n\r\n")[2]

    @property
    def status(self) -> int:
        """Status of a response, 0 of a request."""
        found = re.match(r"SIP/2\.0 (\d{3}) ", self.start)
        return int(found[1]) if found else 0

    def all(self, name: str) -> list[str]:
        """Return the text of each field of a name."""
        fields = [line.partition(":") for line in self.lines[1:]]
        return [text.strip() for known, _, text in fields if _long(known) == name.lower()]

    def one(self, name: str) -> str:
        """Return the text of the one field of a name."""
        (text,) = self.all(name)
        return text


class Peer(Protocol):
    """Somebody who talks to the server."""

    host: str

    def send(self, octets: bytes) -> None:
        """Send as it is."""

    def hear(self, token: str = "") -> Heard | None:
        """Return the next message with that text in it; None when the server has closed the connection."""

    def close(self) -> None:
        """Go."""


class Datagrams:
    """A peer on UDP. Answers come to port 5060 where the Via names none (RFC 3261 section 18.2.2)."""

    def __init__(self, host: str, server: tuple[str, int], *, port: int = SIP_PORT) -> None:
        self._server = server
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind((host, port))
        self.host, self.port = self._socket.getsockname()

    def send(self, octets: bytes) -> None:
        """Send a datagram."""
        self._socket.sendto(octets, self._server)

    def hear(self, token: str = "") -> Heard:
        """Return the next message with that text in it."""
        deadline = time.monotonic() + SECONDS
        while (left := deadline - time.monotonic()) > 0:
            self._socket.settimeout(left)
            octets = self._socket.recv(65_535)
            if token.encode() in octets:
                return Heard(octets)
        raise AssertionError(f"{token}: nothing came")

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()


class Connection:
    """A peer on TCP."""

    def __init__(self, host: str, server: tuple[str, int]) -> None:
        self._socket = socket.create_connection(server, timeout=SECONDS, source_address=(host, 0))
        self.host = host
        self._buffer = b""

    def send(self, octets: bytes) -> None:
        """Send octets."""
        self._socket.sendall(octets)

    def hear(self, token: str = "") -> Heard | None:
        """Return the next message with that text in it; None when the server has closed the connection."""
        while (message := self._message()) is not None:
            if token.encode() in message:
                return Heard(message)
        return None

    def close(self) -> None:
        """Close the connection."""
        self._socket.close()

    def patience(self, seconds: float) -> None:
        """Set how long to wait for octets, or for the end."""
        self._socket.settimeout(seconds)

    def reset(self) -> None:
        """Break the connection off."""
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\x01\x00\x00\x00\x00\x00\x00\x00")
        self._socket.close()

    def _message(self) -> bytes | None:
        """Cut the next message by its Content-Length, which we always write. Pongs stand between messages."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._more():
                self._buffer = self._buffer.lstrip(b"\r\n")
                assert self._buffer == b"", "the connection ended within a message"
                return None
        self._buffer = self._buffer.lstrip(b"\r\n")
        head, _, _ = self._buffer.partition(b"\r\n\r\n")
        length = re.search(rb"\r\nContent-Length: (\d+)", head)
        assert length is not None, head
        end = len(head) + 4 + int(length[1])
        while len(self._buffer) < end:
            assert self._more(), "the connection ended within a body"
        message, self._buffer = self._buffer[:end], self._buffer[end:]
        return message

    def _more(self) -> bool:
        octets = self._socket.recv(65_536)
        self._buffer += octets
        return bool(octets)


@dataclass(slots=True)
class Visit:
    """What one test says and hears: its own text tells its messages from those of others."""

    peer: Peer
    token: str

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.peer.close()

    def next(self) -> Heard:
        """Return the next message."""
        heard = self.peer.hear(self.token)
        assert heard is not None, "the server has closed the connection"
        return heard

    def final(self) -> Heard:
        """Return the next final response."""
        while True:
            heard = self.next()
            assert heard.status, f"a request where a response was due: {heard.start}"
            if heard.status >= 200:
                return heard

    def nothing_more(self) -> None:
        """Make sure that nothing else is on its way: the server answers in order, and next is the answer to this."""
        self.peer.send(options(self.peer.host, f"{self.token}.probe"))
        heard = self.next()
        assert (heard.status, heard.one("Call-ID")) == (200, f"{self.token}.probe"), heard.octets

    def closed(self, *, seconds: float = SECONDS) -> None:
        """Make sure that the server closes the connection, and says nothing before."""
        assert isinstance(self.peer, Connection)
        self.peer.patience(seconds)
        heard = self.peer.hear()
        assert heard is None, heard


def options(host: str, call: str, *, port: int = SIP_PORT) -> bytes:
    """Write an OPTIONS to the server itself."""
    lines = [
        "OPTIONS sip:harbour.test SIP/2.0",
        f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK.{call};rport",
        "Max-Forwards: 70",
        f"From: <sip:probe@elsewhere.test>;tag={call}",
        "To: <sip:harbour.test>",
        f"Call-ID: {call}",
        "CSeq: 1 OPTIONS",
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


def answer(request: Heard, status: str, *more: str, tag: str = "phone") -> bytes:
    """Write an answer to a request."""
    to = request.one("To")
    lines = [
        f"SIP/2.0 {status}",
        *(f"Via: {text}" for text in request.all("Via")),
        *(f"Record-Route: {text}" for text in request.all("Record-Route")),
        *(f"{name}: {request.one(name)}" for name in ("From", "Call-ID", "CSeq")),
        f"To: {to}" if "tag" in to.rpartition(">")[2] else f"To: {to};tag={tag}",
        *more,
        "Content-Length: 0",
    ]
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


def _long(name: str) -> str:
    return _COMPACT.get(name.lower(), name.lower())
