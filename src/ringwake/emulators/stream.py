"""One request under way on an HTTP/2 connection, and the parts of HTTP/2 that h2 leaves to its user."""

import asyncio
import struct

from h2.errors import ErrorCodes
from h2.settings import SettingCodes, Settings

from ringwake.emulators.exchange import Peer, Reply, Request
from ringwake.emulators.manner import Terms

_GOAWAY = struct.Struct("!HBBBIII")
_GOAWAY_TYPE = 0x07


class Stream:
    """What has come of a request, and what has not yet gone of its answer."""

    __slots__ = ("_body", "_headers", "answered", "is_asked", "is_complete", "task", "unsent")

    def __init__(self, headers: list[tuple[bytes, bytes]]) -> None:
        self._headers = headers
        self._body = bytearray()
        self.is_asked = False
        """The handler has it."""
        self.is_complete = False
        """The client has said all."""
        self.answered = False
        """We have said all."""
        self.unsent = b""
        self.task: asyncio.Future[Reply] | None = None

    def read(self, data: bytes, most: int) -> bool:
        """Add to the body, up to the most that it may be; tell whether that was too much."""
        room = most - len(self._body)
        self._body += data[:room]
        return len(data) > room

    def request(self, peer: Peer, *, too_long: bool) -> Request:
        """Return what the handler gets."""
        pseudo = {name: value.decode("latin-1") for name, value in self._headers if name.startswith(b":")}
        plain = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in self._headers)
        return Request(
            method=pseudo.get(b":method", ""),
            target=pseudo.get(b":path", ""),
            headers=tuple(field for field in plain if not field[0].startswith(":")),
            body=bytes(self._body),
            too_long=too_long,
            peer=peer,
        )


class Announced(Settings):
    """Our SETTINGS: the limit on streams is announced, but h2 is not to enforce it."""

    def __init__(self, terms: Terms, streams: int) -> None:
        values = {
            SettingCodes.HEADER_TABLE_SIZE: terms.header_table_size,
            SettingCodes.MAX_CONCURRENT_STREAMS: streams,
            SettingCodes.MAX_FRAME_SIZE: terms.frame_size,
            SettingCodes.MAX_HEADER_LIST_SIZE: terms.header_list_size,
        }
        super().__init__(client=False, initial_values=values)

    @property
    def max_concurrent_streams(self) -> int:
        """Without end, as far as h2 is concerned."""
        return 2**31 - 1

    @max_concurrent_streams.setter
    def max_concurrent_streams(self, value: int) -> None:
        self[SettingCodes.MAX_CONCURRENT_STREAMS] = value


def goaway_frame(last: int, code: ErrorCodes, debug: bytes) -> bytes:
    """Return a GOAWAY frame (RFC 9113 6.8); after h2's own it could not send the answers that are due."""
    length = 8 + len(debug)
    return _GOAWAY.pack(length >> 8, length & 0xFF, _GOAWAY_TYPE, 0, 0, last, code) + debug
