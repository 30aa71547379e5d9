"""Requests and responses (RFC 3261 section 7)."""

from __future__ import annotations

from dataclasses import dataclass, field

from ringwake.sip.errors import LocalProtocolError, SipError
from ringwake.sip.fields import CSeq, parse_cseq
from ringwake.sip.grammar import encode
from ringwake.sip.headers import Headers
from ringwake.sip.via import Via, parse_via

VERSION = "SIP/2.0"


@dataclass(slots=True, eq=False)
class Message:
    """What requests and responses share. Mutable: a proxy copies a message, changes the copy and sends it."""

    headers: Headers
    body: bytes = b""
    defect: SipError | None = field(default=None, kw_only=True)
    """The first rule that the received octets broke, when enough of them survived to answer (3.5 of the standards)."""

    @property
    def call_id(self) -> str:
        """Call-ID, or empty."""
        return self.headers.get("call-id") or ""

    @property
    def cseq(self) -> CSeq:
        """CSeq.

        Raises:
            ParseError: it is missing or malformed.
        """
        return parse_cseq(self.headers.get("cseq") or "")

    @property
    def via(self) -> Via:
        """The topmost Via.

        Raises:
            ParseError: it is missing or malformed.
        """
        values = self.headers.values("via")
        return parse_via(values[0] if values else "")

    def start_line(self) -> str:
        """Return the first line."""
        raise NotImplementedError

    def redacted(self) -> dict[str, str | int]:
        """Return what a log may tell of it: what it is, and where it belongs. No URI, no token."""
        try:
            cseq = f"{self.cseq.number} {self.cseq.method}"
        except SipError:
            cseq = ""
        return {**self._kind(), "call_id": self.call_id, "cseq": cseq}

    def _kind(self) -> dict[str, str | int]:
        raise NotImplementedError

    def encode(self) -> bytes:
        """Return the octets. Content-Length always tells the body's (RFC 3261 section 20.14).

        Raises:
            LocalProtocolError: a value that we made holds a line break, which would begin another field.
        """
        headers = self.headers
        if headers.get("content-length") != str(len(self.body)):
            headers.set("content-length", str(len(self.body)))
        start = self.start_line()
        if "\r" in start or "\n" in start or headers.has_line_break():
            raise LocalProtocolError("a line of the header section holds a line break")
        return encode(f"{start}\r\n{headers.text()}\r\n") + self.body


@dataclass(slots=True, eq=False, repr=False)
class Request(Message):
    """A request."""

    method: str = field(kw_only=True)
    uri: str = field(kw_only=True)
    """Request-URI as written."""
    version: str = field(default=VERSION, kw_only=True)

    def start_line(self) -> str:
        """Return the request line."""
        return f"{self.method} {self.uri} {VERSION}"

    def _kind(self) -> dict[str, str | int]:
        return {"method": self.method}

    def copy(self) -> Request:
        """Return a copy whose headers can be changed."""
        return Request(self.headers.copy(), self.body, method=self.method, uri=self.uri, version=self.version)

    def __repr__(self) -> str:
        return f"<{self.method} {self.call_id} {len(self.body)} octets>"


@dataclass(slots=True, eq=False, repr=False)
class Response(Message):
    """A response."""

    status: int = field(kw_only=True)
    reason: str = field(kw_only=True)

    def start_line(self) -> str:
        """Return the status line."""
        return f"{VERSION} {self.status} {self.reason}"

    def _kind(self) -> dict[str, str | int]:
        return {"status": self.status}

    def copy(self) -> Response:
        """Return a copy whose headers can be changed."""
        return Response(self.headers.copy(), self.body, status=self.status, reason=self.reason)

    def __repr__(self) -> str:
        return f"<{self.status} {self.call_id} {len(self.body)} octets>"
