"""Messages out of a stream (RFC 3261 section 18.3, RFC 5626 section 4.4.1)."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS, decode, number
from ringwake.sip.headers import key_of
from ringwake.sip.parser import MAX_HEAD, MAX_MESSAGE, check_start_line

_END = b"\r\n\r\n"


class KeepAlive(Enum):
    """A double CRLF between messages: the peer wants a single CRLF back."""

    PING = b"\r\n\r\n"


PONG = b"\r\n"


class Framer:
    """Cuts a stream into messages, in linear time whatever the sizes of its pieces."""

    __slots__ = ("_buffer", "_scanned", "_wanted")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        """Octets known not to hold the end of the header section."""
        self._wanted = 0
        """Octets of the whole message, once its header section is there; else 0."""

    @property
    def is_idle(self) -> bool:
        """Whether no part of a message is waiting for its rest."""
        # Half a keep-alive is no part of a message: a lone CRLF is legal too, and may be all that comes for hours.
        return _END.startswith(self._buffer)

    def feed(self, octets: bytes) -> Iterator[bytes | KeepAlive]:
        """Take octets; iterate over what is complete.

        Raises:
            ParseError: while iterating, after all that came before: the stream cannot be framed any further. Answer
                with `head()` if it holds a request, and close the connection.
        """
        self._buffer += octets
        return iter(self._next, None)

    def head(self) -> bytes:
        """Return what has come of the message that is being read, without a body: for the 400 before closing."""
        head, found, _ = bytes(self._buffer[: MAX_HEAD + 4]).partition(_END)
        return head + _END if found else b""

    def _next(self) -> bytes | KeepAlive | None:
        while not self._wanted:
            if self._buffer.startswith(_END):
                del self._buffer[: len(_END)]
                return KeepAlive.PING
            if _END.startswith(self._buffer):
                return None
            if self._buffer.startswith((b"\r", b"\n")):
                # Line ends before a start line are skipped (section 7.5), one by one: a ping may begin at the next.
                del self._buffer[:1]
            elif not self._measure():
                return None
        if len(self._buffer) < self._wanted:
            return None
        message = bytes(self._buffer[: self._wanted])
        del self._buffer[: self._wanted]
        self._wanted = self._scanned = 0
        return message

    def _measure(self) -> bool:
        at = self._buffer.find(_END, max(0, self._scanned - 3))
        if at < 0:
            self._scanned = len(self._buffer)
            if self._scanned >= MAX_HEAD + len(_END):
                raise ParseError("the header section is too long", status=513)
            return False
        if at > MAX_HEAD:
            raise ParseError("the header section is too long", status=513)
        head = decode(bytes(self._buffer[:at]))
        check_start_line(head.partition("\r\n")[0])
        self._wanted = at + len(_END) + _content_length(head)
        if self._wanted > MAX_MESSAGE:
            raise ParseError("the message is too long", status=513)
        return True


def _content_length(head: str) -> int:
    """Read the one Content-Length that a stream must have (section 18.3, reliability S15)."""
    found: int | None = None
    unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ")
    for line in unfolded.split("\r\n")[1:]:
        name, colon, text = line.partition(":")
        if colon and key_of(name.rstrip(LWS)) == "content-length":
            if found is not None:
                raise ParseError("Content-Length stands more than once")
            found = number(text.strip(LWS), "Content-Length")
    if found is None:
        raise ParseError("a message on a stream has no Content-Length")
    return found
