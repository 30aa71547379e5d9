"""STUN Binding on the SIP port (RFC 5626 section 8, RFC 8489): a phone behind a NAT asks where it is seen.

It is the keep-alive of an awake phone over UDP: the answer shows that the flow lives, and whether its address changed.
Of a question nothing is kept, nothing is logged, and the answer is hardly longer than the question.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from ipaddress import IPv4Address, ip_address

from ringwake.sip.flow import Address

COOKIE = 0x2112A442
"""Tells STUN from SIP, whose first octet is a letter (RFC 8489 section 5)."""
_HEADER = struct.Struct("!HHI12s")
_ATTRIBUTE = struct.Struct("!HH")
_REQUEST, _SUCCESS, _ERROR = 0x0001, 0x0101, 0x0111
_ERROR_CODE, _UNKNOWN_ATTRIBUTES, _XOR_MAPPED_ADDRESS, _FINGERPRINT = 0x0009, 0x000A, 0x0020, 0x8028
# Credentials mean nothing here: who may register is decided by digest.
_IGNORED = frozenset({0x0006, 0x0008, 0x0014, 0x0015, 0x001C})
_OPTIONAL = 0x8000
"""Attributes from here on may be unknown (section 14)."""
_FINGERPRINT_XOR = 0x5354554E


def is_stun(octets: bytes) -> bool:
    """Tell whether a datagram is meant for STUN: no SIP message begins with two zero bits in such an octet."""
    return octets[0] < 2


def answer(octets: bytes, source: Address) -> bytes | None:
    """Return the answer to a Binding request that came from `source`; None for anything else.

    An attribute that must be understood and is not gets error 420 (section 6.3.1).
    """
    if len(octets) < _HEADER.size:
        return None
    kind, length, cookie, transaction = _HEADER.unpack_from(octets)
    if kind != _REQUEST or cookie != COOKIE or length % 4 or length != len(octets) - _HEADER.size:
        return None
    try:
        attributes = list(_attributes(octets))
    except ValueError:
        return None
    unknown = [number for number, _ in attributes if number < _OPTIONAL and number not in _IGNORED]
    if unknown:
        numbers = b"".join(struct.pack("!H", number) for number in unknown)
        reason = struct.pack("!HBB", 0, 4, 20) + b"Unknown Attribute"
        return _message(_ERROR, transaction, (_ERROR_CODE, reason), (_UNKNOWN_ATTRIBUTES, numbers))
    return _message(_SUCCESS, transaction, (_XOR_MAPPED_ADDRESS, _xored(source, transaction)))


def question(transaction: bytes) -> bytes:
    """Return a Binding request; `transaction` is 12 unpredictable octets."""
    return _message(_REQUEST, transaction)


def mapped_address(octets: bytes, transaction: bytes) -> Address | None:
    """Return where the answer to our question says that we are seen; None when it is no such answer."""
    if len(octets) < _HEADER.size:
        return None
    kind, length, cookie, answered = _HEADER.unpack_from(octets)
    if (kind, cookie, answered) != (_SUCCESS, COOKIE, transaction) or length != len(octets) - _HEADER.size:
        return None
    try:
        values = [value for number, value in _attributes(octets) if number == _XOR_MAPPED_ADDRESS]
        return _plain(values[0], transaction) if values else None
    except (ValueError, struct.error):
        return None


def _attributes(octets: bytes) -> Iterator[tuple[int, bytes]]:
    """Iterate over type and value.

    Raises:
        ValueError: one is cut short, or the fingerprint is wrong.
    """
    at = _HEADER.size
    while at < len(octets):
        number, length = _ATTRIBUTE.unpack_from(octets, at)
        value = octets[at + 4 : at + 4 + length]
        if len(value) < length:
            raise ValueError("an attribute is cut short")
        if number == _FINGERPRINT and value != struct.pack("!I", zlib.crc32(octets[:at]) ^ _FINGERPRINT_XOR):
            raise ValueError("the fingerprint is wrong")
        yield number, value
        at += 4 + length + -length % 4


def _xored(source: Address, transaction: bytes) -> bytes:
    """Write an address so that no meddling NAT recognises it (section 14.2)."""
    host = ip_address(source.host.partition("%")[0])
    mask = struct.pack("!I", COOKIE) + transaction
    hidden = bytes(octet ^ key for octet, key in zip(host.packed, mask, strict=False))
    family = 1 if isinstance(host, IPv4Address) else 2
    return struct.pack("!BBH", 0, family, source.port ^ COOKIE >> 16) + hidden


def _plain(value: bytes, transaction: bytes) -> Address:
    """Undo `_xored`.

    Raises:
        ValueError: it is no address.
    """
    mask = struct.pack("!I", COOKIE) + transaction
    host = ip_address(bytes(octet ^ key for octet, key in zip(value[4:], mask, strict=False)))
    (port,) = struct.unpack_from("!H", value, 2)
    return Address(str(host), port ^ COOKIE >> 16)


def _message(kind: int, transaction: bytes, *attributes: tuple[int, bytes]) -> bytes:
    body = b"".join(
        _ATTRIBUTE.pack(number, len(value)) + value + bytes(-len(value) % 4) for number, value in attributes
    )
    return _HEADER.pack(kind, len(body), COOKIE, transaction) + body
