"""Bencode, the notation of rtpengine's control protocol: integers, strings of octets, lists and dictionaries.

Only what that protocol uses (BitTorrent's BEP 3): keys are written sorted, and read in any order.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeAlias

Value: TypeAlias = "int | bytes | list[Value] | dict[bytes, Value]"
Writable: TypeAlias = "int | str | bytes | Sequence[Writable] | Mapping[str, Writable]"
MAX_DEPTH = 16
"""How deep lists and dictionaries may nest; rtpengine's nest 8 deep."""
MAX_DIGITS = 20
"""Of a number: 64 bits and a sign."""


class BencodeError(ValueError):
    """The octets are no bencode."""


def encode(value: Writable) -> bytes:
    """Write a value; text goes as UTF-8, with the octets that were none when it was read."""
    if isinstance(value, int):
        return b"i%de" % value
    if isinstance(value, str):
        value = value.encode("utf-8", "surrogateescape")
    if isinstance(value, bytes):
        return b"%d:%b" % (len(value), value)
    if isinstance(value, Mapping):
        return b"d" + b"".join(encode(key) + encode(value[key]) for key in sorted(value)) + b"e"
    return b"l" + b"".join(encode(item) for item in value) + b"e"


def decode(octets: bytes) -> Value:
    """Read one value, which must be all there is.

    Raises:
        BencodeError: it is malformed, nests too deep, or something follows.
    """
    reader = _Reader(octets)
    value = reader.value(MAX_DEPTH)
    if not reader.is_at_end:
        raise BencodeError("something follows the value")
    return value


class _Reader:
    """Reads from the left; every step checks that there is something to read."""

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._octets)

    def value(self, depth: int) -> Value:
        kind = self._octets[self._at : self._at + 1]
        if kind.isdigit():
            return self._string()
        if kind not in (b"i", b"l", b"d"):
            raise BencodeError("a value begins with none of its marks")
        if depth == 0:
            raise BencodeError("it nests too deep")
        self._at += 1
        if kind == b"i":
            return self._number(b"e")
        return self._list(depth) if kind == b"l" else self._dictionary(depth)

    def _list(self, depth: int) -> list[Value]:
        items: list[Value] = []
        while not self._ends():
            items.append(self.value(depth - 1))
        return items

    def _dictionary(self, depth: int) -> dict[bytes, Value]:
        items: dict[bytes, Value] = {}
        while not self._ends():
            key = self._string()
            items[key] = self.value(depth - 1)
        return items

    def _ends(self) -> bool:
        is_end = self._octets.startswith(b"e", self._at)
        self._at += is_end
        return is_end

    def _string(self) -> bytes:
        length = self._number(b":")
        end = self._at + length
        if length < 0 or end > len(self._octets):
            raise BencodeError("a string is longer than what is left")
        found = self._octets[self._at : end]
        self._at = end
        return found

    def _number(self, mark: bytes) -> int:
        end = self._octets.find(mark, self._at, self._at + MAX_DIGITS + 1)
        digits = self._octets[self._at : max(end, self._at)]
        if not digits.removeprefix(b"-").isdigit():
            raise BencodeError("a number is malformed")
        self._at = end + 1
        return int(digits)
