"""Values that must never be shown: passwords, keys, push tokens.

Both types refuse every way by which a value slips out unnoticed (str, format, pickle, copy into JSON). `reveal()`
is the only door, and a test allow-lists the files that may call it.
"""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest
from typing import Generic, NoReturn, TypeVar

V = TypeVar("V", str, bytes)


class Secret(Generic[V]):
    """A password, key or shared secret, as text or as octets."""

    __slots__ = ("_value",)

    def __init__(self, value: V) -> None:
        self._value: V = value

    def reveal(self) -> V:
        """Return the value itself. Call it where the value is used, never to pass it on."""
        return self._value

    def __repr__(self) -> str:
        return "Secret(...)"

    def __str__(self) -> NoReturn:
        raise TypeError("a Secret has no text; reveal() it where it is used")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a Secret has no text; reveal() it where it is used")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Secret):
            return NotImplemented
        return compare_digest(_octets(self._value), _octets(other._value))

    def __hash__(self) -> int:
        return hash(_octets(self._value))


class Token:
    """A push token (RFC 8599 PRID) of one application: whoever has it and our keys can wake the phone.

    Shown everywhere as its `label`, `provider:app:hash8`.
    """

    __slots__ = ("_value", "app", "digest", "provider")

    def __init__(self, *, provider: str, app: str, value: str) -> None:
        self.provider = provider
        self.app = app
        self.digest = sha256(f"{provider}\0{app}\0{value}".encode("utf-8", "surrogateescape")).hexdigest()
        """Names the token in the store's keys and in metrics, where the value may not stand."""
        self._value = value

    def reveal(self) -> str:
        """Return the token itself: for the provider's request and for the store's sealed column."""
        return self._value

    @property
    def label(self) -> str:
        """What people may see of it: `provider:app:hash8`."""
        return f"{self.provider}:{self.app}:{self.digest[:8]}"

    def __repr__(self) -> str:
        return f"Token({self.label})"

    def __str__(self) -> NoReturn:
        raise TypeError("a Token has no text; show its label, or reveal() it where it is used")

    def __format__(self, spec: str) -> NoReturn:
        raise TypeError("a Token has no text; show its label, or reveal() it where it is used")

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Token is not pickled")

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Token):
            return NotImplemented
        return self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def _octets(value: str | bytes) -> bytes:
    return value.encode("utf-8", "surrogateescape") if isinstance(value, str) else value
