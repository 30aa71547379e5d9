"""What a connector and the edge say to each other: JSON about the link in text frames, SIP in binary ones (ADR 0021).

A binary frame is one SIP message behind a line that names the address on the PBX's side: whom it came from, or goes to.
"""

from __future__ import annotations

from ipaddress import ip_address
from typing import Annotated, ClassVar, Literal, TypeAlias

import msgspec
from websockets.frames import CloseCode

from ringwake.sip.flow import Address
from ringwake.sip.parser import MAX_MESSAGE

VERSION = 1
PATH = "/connector"
MAX_FRAME = MAX_MESSAGE + 64
"""Octets: the longest message, and its line."""
PING_SECONDS, PONG_SECONDS = 20.0, 10.0
"""How often both sides ask for a sign of life, and how long they wait for it."""

Version: TypeAlias = Annotated[int, msgspec.Meta(ge=1, le=255)]


class TunnelError(Exception):
    """The other side is not understood. The text is the reason that it is given."""

    code: ClassVar[CloseCode] = CloseCode.PROTOCOL_ERROR


class NotAllowedError(TunnelError):
    """A connector may not carry this tenant's calls."""

    code = CloseCode.POLICY_VIOLATION


class TunnelFullError(TunnelError):
    """A tenant has enough connectors."""

    code = CloseCode.TRY_AGAIN_LATER


class _Word(msgspec.Struct, tag_field="say", frozen=True, kw_only=True):
    """Members that are not known are skipped: a later version may have more."""


class Hello(_Word, tag="hello", frozen=True, kw_only=True):
    """The connector's first word."""

    v: Version = VERSION
    tenant: str
    transport: Literal["udp", "tcp"]
    """What is spoken with the PBX."""
    local: str
    """`host:port` of the connector, as the PBX sees it."""
    pbx: str
    """`host:port` of the PBX."""


class Welcome(_Word, tag="welcome", frozen=True, kw_only=True):
    """The edge's answer."""

    v: Version = VERSION


class Taken(_Word, tag="taken", frozen=True, kw_only=True):
    """How many binary frames of this link were taken since it stands. Those are never sent again."""

    count: int


class Unreachable(_Word, tag="unreachable", frozen=True, kw_only=True):
    """The PBX cannot be reached at an address: what was sent there is lost."""

    remote: str


Word: TypeAlias = Hello | Welcome | Taken | Unreachable
_DECODER: msgspec.json.Decoder[Word] = msgspec.json.Decoder(Word)


def say(word: Word) -> str:
    """Write a word."""
    return msgspec.json.encode(word).decode()


def hear(text: str) -> Word:
    """Read a word.

    Raises:
        TunnelError: it is none.
    """
    try:
        return _DECODER.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise TunnelError("a text frame is none of hello, welcome, taken and unreachable") from None


def read_address(text: str) -> Address:
    """Read `host:port` with a numeric host, IPv6 in brackets, as `Address` writes it.

    Raises:
        TunnelError: it is not of that form, or no address to send to.
    """
    host, _, port = text.rpartition(":")
    try:
        number = ip_address(host.removeprefix("[").removesuffix("]"))
        found = Address(str(number), int(port))
    except ValueError:
        raise TunnelError("not host:port with a numeric host") from None
    if str(found) != text or number.is_unspecified or not 0 < found.port < 65536:
        raise TunnelError("no address of a host and a port")
    return found


def pack(remote: Address, octets: bytes) -> bytes:
    """Write a binary frame."""
    return f"{remote}\n".encode() + octets


def unpack(frame: bytes) -> tuple[Address, bytes]:
    """Read a binary frame.

    Raises:
        TunnelError: it has no address, or no message.
    """
    line, _, octets = frame.partition(b"\n")
    if not octets:
        raise TunnelError("a binary frame has no message")
    return read_address(line[:64].decode("ascii", "replace")), octets
