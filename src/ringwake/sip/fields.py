"""Values of the header fields that we act on (RFC 3261 section 20)."""

from __future__ import annotations

from itertools import islice
from typing import NamedTuple

from ringwake.sip.address import NameAddr, parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS, is_token, number, split
from ringwake.sip.headers import Headers

MAX_SEQUENCE = 2**31 - 1
"""CSeq numbers are below 2**31 (RFC 3261 section 8.1.1.5)."""
DEFAULT_MAX_FORWARDS = 70
MOST_BREADTH = 60
"""Parallel branches that a request may have, and what one without Max-Breadth gets (RFC 5393 section 5.3.3)."""
_ANY = 10**20


class CSeq(NamedTuple):
    """A command sequence (section 20.16)."""

    number: int
    method: str

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


def parse_cseq(text: str) -> CSeq:
    """Read a CSeq.

    Raises:
        ParseError: it is missing or malformed.
    """
    digits, _, method = text.replace("\t", " ").partition(" ")
    method = method.strip(LWS)
    if not is_token(method):
        raise ParseError("CSeq is missing or has no method")
    return CSeq(number(digits, "CSeq", most=MAX_SEQUENCE), method)


def max_forwards(headers: Headers) -> int | None:
    """Return Max-Forwards (section 20.22); None when it is absent or out of its range of 0 to 255.

    Raises:
        ParseError: it is no number.
    """
    text = headers.get("max-forwards")
    if text is None:
        return None
    value = number(text, "Max-Forwards", most=_ANY)
    return value if value <= 255 else None


def max_breadth(headers: Headers) -> int:
    """Return how many branches a request may have at a time (RFC 5393 section 5.3).

    Raises:
        ParseError: Max-Breadth is no number.
    """
    text = headers.get("max-breadth")
    return MOST_BREADTH if text is None else min(number(text, "Max-Breadth", most=_ANY), MOST_BREADTH)


def expires(headers: Headers) -> int | None:
    """Return Expires in seconds (section 20.19); None when absent or malformed, which counts as absent (10.2.1.1)."""
    text = headers.get("expires")
    return None if text is None else _seconds(text)


def contact_expires(contact: NameAddr) -> int | None:
    """Return the `expires` parameter of a Contact (section 10.2.1.1), or None."""
    text = contact.params.get("expires")
    return None if text is None else _seconds(text)


def retry_after(headers: Headers) -> int:
    """Return Retry-After in seconds (section 20.33), its comment and duration apart; 0 when absent or malformed."""
    text = headers.get("retry-after") or ""
    return _seconds(text.partition("(")[0].partition(";")[0].strip(LWS)) or 0


def _seconds(text: str) -> int | None:
    try:
        return min(number(text, "the expiry", most=_ANY), 2**32 - 1)
    except ParseError:
        return None


def contacts(headers: Headers) -> tuple[list[NameAddr], bool]:
    """Return the Contact values, and whether there is a `*` among them.

    Raises:
        ParseError: one is malformed.
    """
    values = headers.values("contact")
    return [parse_address(value) for value in values if value != "*"], "*" in values


def address(headers: Headers, key: str) -> NameAddr:
    """Return From or To.

    Raises:
        ParseError: it is missing, malformed, or a list: who reads only a part of it sees another sender than we do.
    """
    text = headers.get(key)
    if not text:
        raise ParseError(f"{key.title()} is missing")
    if "," in text and next(islice(split(text, ","), 1, None), None) is not None:
        raise ParseError(f"{key.title()} holds more than one address")
    return parse_address(text)


def option_tags(headers: Headers, key: str) -> list[str]:
    """Return the option tags of Require, Proxy-Require, Supported or Unsupported, in lower case."""
    return [tag.lower() for tag in headers.values(key)]
