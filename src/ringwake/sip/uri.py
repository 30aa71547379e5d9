"""SIP and SIPS URIs (RFC 3261 section 19.1), and other schemes as opaque text."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import escape, has_control, number, unescape
from ringwake.sip.params import Params

MAX_LENGTH = 1024
"""Octets of one URI: a Web Push endpoint in pn-prid is long (reliability S16)."""
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.\-]*")
_USER = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+$,;?/%]+")
_PASSWORD = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+$,%]*")
_LABEL = re.compile(r"[A-Za-z0-9_]|[A-Za-z0-9_][A-Za-z0-9_\-]{0,61}[A-Za-z0-9_]")
# The three colons of RFC 5118 section 4.10 are tolerated: hence a character class and no grammar.
_IPV6 = re.compile(r"\[[0-9A-Fa-f:.]{2,45}\]")
# unreserved / user-unreserved, without "%"
USER_PLAIN = re.compile(r"[A-Za-z0-9\-_.!~*'()&=+$,;?/]+")
# pvalue without "%" (RFC 3261 section 25, RFC 8599 section 8.7)
PARAM_PLAIN = re.compile(r"[A-Za-z0-9\-_.!~*'()\[\]/:&+$]+")
_PARAM = re.compile(r"[A-Za-z0-9\-_.!~*'()\[\]/:&+$%]+")
# A parameter that is absent in one URI and present in the other makes them differ (RFC 3261 section 19.1.4).
_MUST_MATCH = ("user", "ttl", "method", "maddr", "transport")


@dataclass(frozen=True, slots=True)
class Uri:
    """A parsed `sip:` or `sips:` URI. User, password, parameters and headers are kept as written."""

    scheme: str
    """`sip` or `sips`."""
    user: str | None
    password: str | None
    host: str
    """As written; IPv6 with brackets."""
    port: int | None
    params: Params
    headers: str = ""
    """Text after `?`."""

    def __str__(self) -> str:
        user = "" if self.user is None else self.user
        if self.password is not None:
            user += f":{self.password}"
        port = "" if self.port is None else f":{self.port}"
        headers = f"?{self.headers}" if self.headers else ""
        at = "@" if self.user is not None else ""
        return f"{self.scheme}:{user}{at}{self.host}{port}{self.params}{headers}"

    @property
    def aor(self) -> str:
        """Return the canonical address of record: user unescaped, domain in lower case (RFC 3261 10.3 step 5)."""
        host = self.host.lower().removesuffix(".")
        return host if self.user is None else f"{unescape(self.user)}@{host}"

    def without(self, *names: str) -> Uri:
        """Return the URI without these parameters."""
        return replace(self, params=self.params.without(*names))

    def equals(self, other: Uri) -> bool:
        """Compare two URIs by RFC 3261 section 19.1.4."""
        if (self.scheme, _unescaped(self.user), _unescaped(self.password), self.port) != (
            other.scheme,
            _unescaped(other.user),
            _unescaped(other.password),
            other.port,
        ):
            return False
        if self.host.lower() != other.host.lower() or _headers(self.headers) != _headers(other.headers):
            return False
        return _params_agree(self.params, other.params)


def parse_uri(text: str) -> Uri:
    """Read a SIP or SIPS URI.

    Raises:
        ParseError: the text breaks the grammar (400), or has another scheme (416).
    """
    name = scheme(text)
    if name not in ("sip", "sips"):
        raise ParseError("the URI scheme is not sip or sips", status=416)
    return _parse(text)


def scheme(text: str) -> str:
    """Return the scheme of any URI, in lower case.

    Raises:
        ParseError: there is none, or the URI is longer than any URI may be.
    """
    if len(text) > MAX_LENGTH:
        raise ParseError("a URI is too long")
    name, colon, _ = text.partition(":")
    if not colon or _SCHEME.fullmatch(name) is None:
        raise ParseError("a URI has no scheme")
    return name.lower()


@lru_cache(maxsize=4096)
def _parse(text: str) -> Uri:
    name, _, rest = text.partition(":")
    userinfo, at, rest = rest.rpartition("@")
    user, password = _userinfo(userinfo) if at else (None, None)
    rest, _, headers = rest.partition("?")
    hostport, semicolon, params = rest.partition(";")
    host, port = parse_hostport(hostport)
    if has_control(headers) or any(c in headers for c in ' <>"\t'):
        raise ParseError("a URI header holds a character that must be escaped")
    return Uri(name.lower(), user, password, host, port, _params(params) if semicolon else Params(), headers)


def _userinfo(text: str) -> tuple[str, str | None]:
    user, colon, password = text.partition(":")
    if _USER.fullmatch(user) is None or _PASSWORD.fullmatch(password) is None:
        raise ParseError("the user part of a URI holds a character that must be escaped")
    return user, password if colon else None


def parse_hostport(text: str) -> tuple[str, int | None]:
    """Read `host [":" port]`, for URIs and for the sent-by of Via.

    Raises:
        ParseError: the host is no name and no address, or the port no port.
    """
    if text.startswith("["):
        host, bracket, rest = text.partition("]")
        host += bracket
        if _IPV6.fullmatch(host) is None or (rest and rest[0] != ":"):
            raise ParseError("an IPv6 address is malformed")
        colon, port = rest[:1], rest[1:]
    else:
        host, colon, port = text.partition(":")
        labels = host.removesuffix(".").split(".")
        if len(host) > 255 or not all(_LABEL.fullmatch(label) for label in labels):
            raise ParseError("a host name is malformed")
    return host, number(port, "the port", most=65535) if colon else None


def _params(text: str) -> Params:
    items: list[tuple[str, str | None]] = []
    seen: set[str] = set()
    for part in text.split(";"):
        name, equals, value = part.partition("=")
        if _PARAM.fullmatch(name) is None or (value and _PARAM.fullmatch(value) is None):
            raise ParseError("a URI parameter holds a character that must be escaped")
        key = unescape(name).lower()
        if key in seen:
            raise ParseError("a URI parameter stands twice")
        seen.add(key)
        items.append((name, value if equals else None))
    return Params(tuple(items))


def _unescaped(text: str | None) -> str | None:
    return None if text is None else unescape(text)


def _headers(text: str) -> tuple[tuple[str, str], ...]:
    pairs = (pair.partition("=") for pair in text.split("&") if pair)
    return tuple(sorted((unescape(name).lower(), unescape(value)) for name, _, value in pairs))


def _params_agree(ours: Params, theirs: Params) -> bool:
    left = {unescape(name).lower(): unescape(value or "").lower() for name, value in ours}
    right = {unescape(name).lower(): unescape(value or "").lower() for name, value in theirs}
    if any(left[name] != right[name] for name in left.keys() & right.keys()):
        return False
    return not any(name in _MUST_MATCH for name in left.keys() ^ right.keys())


def escape_user(text: str) -> str:
    """Escape text for a user part."""
    return escape(text, USER_PLAIN)


def escape_param(text: str) -> str:
    """Escape text for a URI parameter's value."""
    return escape(text, PARAM_PLAIN)
