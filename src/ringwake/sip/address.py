"""name-addr and addr-spec with parameters: From, To, Contact, Route, Record-Route (RFC 3261 section 20.10)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS, closing_quote, has_control, quote, unquote
from ringwake.sip.params import Params
from ringwake.sip.uri import Uri, parse_uri, scheme

CACHED_LENGTH = 512
"""Longest value that is remembered, so that a stranger's requests cannot fill the memory."""
# *( token LWS ): a display name without quotes
_PLAIN_NAME = re.compile(r"[A-Za-z0-9\-.!%*_+`'~ \t]*")


@dataclass(frozen=True, slots=True)
class NameAddr:
    """An address as a header field holds it."""

    display: str
    """Display name without quotes, or empty."""
    uri: str
    """The URI as written."""
    params: Params
    """Header parameters: those after `>`; without brackets, all of them (section 20.10)."""
    is_bare: bool = field(default=False, compare=False)
    """Whether it was written without angle brackets."""

    @property
    def sip_uri(self) -> Uri:
        """The URI, parsed.

        Raises:
            ParseError: it is no sip or sips URI.
        """
        return parse_uri(self.uri)

    @property
    def tag(self) -> str:
        """The tag, or empty."""
        return self.params.get("tag") or ""

    def __str__(self) -> str:
        name = f"{quote(self.display)} " if self.display else ""
        return f"{name}<{self.uri}>{self.params}"


def parse_address(value: str) -> NameAddr:
    """Read a name-addr or addr-spec with header parameters.

    Raises:
        ParseError: it breaks the grammar.
    """
    return _cached(value) if len(value) <= CACHED_LENGTH else _parse(value)


def _parse(value: str) -> NameAddr:
    display, rest = "", value
    if value.startswith('"'):
        end = closing_quote(value, 0)
        display, rest = unquote(value[: end + 1]), value[end + 1 :].lstrip(LWS)
        if not rest.startswith("<"):
            raise ParseError("a display name has no address in angle brackets")
    opened = rest.find("<")
    if opened < 0:
        uri, _, params = rest.partition(";")
        uri = uri.rstrip(LWS)
        if "?" in uri or "," in uri:
            raise ParseError("an address with headers or commas stands without angle brackets")
        return NameAddr("", _checked(uri), Params.parse(params), is_bare=True)
    if opened > 0:
        display = rest[:opened].rstrip(LWS)
        if _PLAIN_NAME.fullmatch(display) is None:
            raise ParseError("a display name needs quotes")
    closed = rest.find(">", opened)
    if closed < 0:
        raise ParseError("an angle bracket is not closed")
    after = rest[closed + 1 :].lstrip(LWS)
    if after and after[0] != ";":
        raise ParseError("something other than parameters follows an address")
    return NameAddr(display, _checked(rest[opened + 1 : closed]), Params.parse(after))


# From, To and Contact of one request are asked for several times.
_cached = lru_cache(maxsize=2048)(_parse)


def _checked(uri: str) -> str:
    scheme(uri)
    if has_control(uri) or any(c in uri for c in ' \t<"'):
        raise ParseError("a URI holds a blank or a quote")
    return uri
