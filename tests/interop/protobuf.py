"""As much of protobuf's wire format as a few messages of Google's need."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Iterator


def varint(value: int) -> bytes:
    """Encode an unsigned integer."""
    octets = bytearray()
    while value > 127:
        octets.append(value & 127 | 128)
        value >>= 7
    return bytes([*octets, value])


def integer(field: int, value: int) -> bytes:
    """Encode a field of an integer type."""
    return varint(field << 3) + varint(value)


def fixed64(field: int, value: int) -> bytes:
    """Encode a field of type fixed64."""
    return varint(field << 3 | 1) + struct.pack("<Q", value)


def text(field: int, value: str | bytes) -> bytes:
    """Encode a field of type string or bytes, or a message within."""
    octets = value.encode() if isinstance(value, str) else value
    return varint(field << 3 | 2) + varint(len(octets)) + octets


def read(message: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield the fields of a message that are strings, bytes or messages; pass over the others."""
    place = 0
    while place < len(message):
        key, place = _varint_at(message, place)
        match key & 7:
            case 0:
                _, place = _varint_at(message, place)
            case 1:
                place += 8
            case 2:
                length, place = _varint_at(message, place)
                yield key >> 3, message[place : place + length]
                place += length
            case 5:
                place += 4
            case other:
                raise ValueError(f"wire type {other}")


async def read_varint(reader: asyncio.StreamReader) -> int:
    """Read an unsigned integer."""
    value = shift = 0
    while True:
        octet = (await reader.readexactly(1))[0]
        value |= (octet & 127) << shift
        shift += 7
        if octet < 128:
            return value


def _varint_at(message: bytes, place: int) -> tuple[int, int]:
    value = shift = 0
    while True:
        octet = message[place]
        place += 1
        value |= (octet & 127) << shift
        shift += 7
        if octet < 128:
            return value, place
