"""Patterns of allow and block lists: `user@host`, or what stands before the `@`, each with `*` for anything.

Compared in time that grows with pattern and name alone: a `*` is never tried twice, so no pattern can hold up calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from ringwake.sip.address import NameAddr
from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import unescape
from ringwake.sip.uri import parse_uri, scheme

MOST_CHARACTERS = 256
"""Of one pattern."""
_SCHEMES = ("sip:", "sips:", "tel:")
# visual-separator of RFC 3966, and the blanks that people write
_SEPARATORS = str.maketrans("", "", "-.() \t")
_NUMBER = re.compile(r"\+?[0-9*#]+")
_HOST = re.compile(r"[a-z0-9_.\-:\[\]*]+")
_STRANGE = re.compile(r"[\x00-\x1f\x7f<>\"]")


@dataclass(frozen=True, slots=True)
class Name:
    """One name of a caller, in lower case."""

    address: str
    """`user@host`; empty for a telephone number that is at no host."""
    local: str
    """The telephone number without visual separators, or the user part."""


def name_of(address: NameAddr) -> Name:
    """Return the name that a From or P-Asserted-Identity gives: without password, port and parameters.

    Nothing that a caller may add to its own address makes it another one here.
    """
    try:
        if scheme(address.uri) == "tel":
            return Name("", _local(address.uri.partition(":")[2]))
        uri = parse_uri(address.uri)
    except ParseError:
        return Name("", address.uri.lower())
    user, _, host = uri.aor.rpartition("@")
    local = _local(user)
    return Name(f"{local}@{host}", local)


def is_listed(patterns: Iterable[str], names: Iterable[Name]) -> bool:
    """Tell whether one of the patterns fits one of the names."""
    known = tuple(names)
    return any(_fits(_canonical(pattern), name) for pattern in patterns for name in known)


def fault(pattern: str) -> str:
    """Say what is wrong with a pattern; empty when nothing is."""
    if len(pattern) > MOST_CHARACTERS:
        return f"is longer than {MOST_CHARACTERS} characters"
    plain = _canonical(pattern)
    user, at, host = plain.rpartition("@")
    if not plain or (at and not (user and host)):
        return "is empty on one side of the @" if at else "is empty"
    if any(c.isspace() for c in plain) or _STRANGE.search(plain):
        return "holds a blank, a quote or an angle bracket"
    if at and _HOST.fullmatch(host) is None:
        return "has no host name behind the @"
    return ""


def matches(pattern: str, text: str) -> bool:
    """Tell whether a text is what a pattern says, `*` standing for anything, also nothing."""
    head, *rest = pattern.split("*")
    if not rest:
        return text == head
    *pieces, tail = rest
    at, end = len(head), len(text) - len(tail)
    if at > end or not (text.startswith(head) and text.endswith(tail)):
        return False
    for piece in pieces:
        found = text.find(piece, at, end)
        if found < 0:
            return False
        at = found + len(piece)
    return True


def _fits(pattern: str, name: Name) -> bool:
    return matches(pattern, name.address if "@" in pattern else name.local)


@lru_cache(maxsize=4096)
def _canonical(pattern: str) -> str:
    """Return a pattern as names are written: without scheme, in lower case, numbers without separators."""
    text = pattern.strip().lower()
    for known in _SCHEMES:
        text = text.removeprefix(known)
    user, at, host = text.rpartition("@")
    return f"{_bare(user)}@{host.removesuffix('.')}" if at else _bare(text)


def _local(user: str) -> str:
    """Return a user part without the parameters that a telephone number may have there (RFC 3261 section 19.1.6)."""
    return _bare(unescape(user).partition(";")[0].lower())


def _bare(text: str) -> str:
    number = text.translate(_SEPARATORS)
    return number if _NUMBER.fullmatch(number) else text
