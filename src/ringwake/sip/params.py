"""Parameters, `;name=value;flag`, of header fields and URIs."""

from __future__ import annotations

from collections.abc import Iterator

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS, is_token, split


class Params:
    """Parameters in the order received, each with its text as received. Names compare without case.

    A value is the text after `=`, quotes included; a parameter without `=` has the value None.
    """

    __slots__ = ("_items",)

    def __init__(self, items: tuple[tuple[str, str | None], ...] = ()) -> None:
        self._items = items

    @classmethod
    def parse(cls, text: str) -> Params:
        """Read header parameters, with or without the leading semicolon.

        Raises:
            ParseError: a name is no token, a quote stays open, or a name stands twice (RFC 3261 section 7.3.1).
        """
        text = text.strip(LWS)
        if not text:
            return cls()
        items: list[tuple[str, str | None]] = []
        seen: set[str] = set()
        for part in split(text.removeprefix(";"), ";"):
            name, equals, value = part.partition("=")
            name = name.rstrip(LWS)
            if not is_token(name):
                raise ParseError("a parameter has no name")
            if name.lower() in seen:
                raise ParseError("a parameter stands twice")
            seen.add(name.lower())
            items.append((name, value.lstrip(LWS) if equals else None))
        return cls(tuple(items))

    def get(self, name: str) -> str | None:
        """Return a value; None when the parameter is absent or has none."""
        for known, value in self._items:
            if known.lower() == name:
                return value
        return None

    def __contains__(self, name: str) -> bool:
        return any(known.lower() == name for known, _ in self._items)

    def __iter__(self) -> Iterator[tuple[str, str | None]]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def without(self, *names: str) -> Params:
        """Return a copy that lacks these parameters (names in lower case)."""
        return Params(tuple(item for item in self._items if item[0].lower() not in names))

    def put(self, name: str, value: str | None) -> Params:
        """Return a copy with this parameter set: in its place if it was there, else last."""
        if name in self:
            return Params(tuple((k, value) if k.lower() == name else (k, v) for k, v in self._items))
        return Params((*self._items, (name, value)))

    def __str__(self) -> str:
        return "".join(f";{name}" if value is None else f";{name}={value}" for name, value in self._items)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Params) and self._items == other._items

    def __hash__(self) -> int:
        return hash(self._items)

    def __repr__(self) -> str:
        return f"Params({', '.join(name for name, _ in self._items)})"
