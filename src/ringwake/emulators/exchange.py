"""A request and its reply, the same for HTTP/1.1 and HTTP/2."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import TypeAlias

_BODILESS = frozenset({204, 304})


@dataclass(eq=False, slots=True, weakref_slot=True)
class Peer:
    """One connection, by identity: what a handler keeps about it, it keys by this."""

    number: int
    certificate: bytes | None = None
    """What the client has shown, DER; None: nothing, or it was not asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request with its whole body, save where that is too long."""

    method: str
    target: str
    """Path with query, as received."""
    headers: tuple[tuple[str, str], ...]
    """In order of arrival, names in lower case, without HTTP/2's pseudo headers."""
    body: bytes = b""
    too_long: bool = False
    """The body went over the listener's cap: `body` is cut, and the rest is not read."""
    peer: Peer = field(default_factory=lambda: Peer(0))

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    def values(self, name: str) -> list[str]:
        """Return all values of a header."""
        return [value for known, value in self.headers if known == name]

    def header(self, name: str) -> str | None:
        """Return the first value of a header."""
        return next(iter(self.values(name)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """One answer; `date` and `content-length` are added on the way."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    trusts_peer: bool = False
    """The connection has shown who it is: after this answer it may open as many streams as the service allows."""

    @property
    def content(self) -> bytes:
        """The body, save for statuses that have none (RFC 9110 6.4.1)."""
        return b"" if self.status in _BODILESS else self.body

    def fields(self, wall: float) -> list[tuple[str, str]]:
        """Return the headers to be sent."""
        length = [] if self.status in _BODILESS else [("content-length", str(len(self.body)))]
        return [*self.headers, ("date", formatdate(wall, usegmt=True)), *length]


@dataclass(frozen=True, slots=True)
class Reset:
    """In place of an answer: the request is broken off."""


Reply: TypeAlias = Response | Reset
Handler: TypeAlias = Callable[[Request], Reply | Awaitable[Reply]]
