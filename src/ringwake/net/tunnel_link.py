"""One link between a connector and the edge, once both have said who they are. Both ends are the same."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import NamedTuple, TypeAlias

from websockets.asyncio.client import ClientConnection
from websockets.asyncio.connection import broadcast
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import CloseCode
from websockets.protocol import State

from ringwake.net.tunnel_frames import Taken, TunnelError, Unreachable, hear, pack, read_address, say, unpack
from ringwake.net.tunnel_parcels import Outbox, Parcel
from ringwake.sip.flow import Address, Transport

MAX_UNTAKEN = 4096
MAX_UNSENT = 4 << 20
"""Messages, and octets, that the other side may leave lying before the link counts as broken."""
Connection: TypeAlias = ServerConnection | ClientConnection
# The library writes tracebacks about whatever a stranger sends; who is refused, and why, is said by us.
QUIET = logging.getLogger("ringwake.tunnel")
QUIET.setLevel(logging.CRITICAL)


class PbxSide(NamedTuple):
    """Where a connector stands in the PBX's network."""

    transport: Transport
    local: Address
    """The connector, as the PBX sees it."""
    pbx: Address


class Link:
    """Carries messages both ways. What the other side has not taken when it breaks is `left`."""

    def __init__(self, connection: Connection, side: PbxSide) -> None:
        self.side = side
        host, port, *_ = connection.remote_address or ("?", 0)
        self.name = str(Address(host, port))
        """The address of the other end, also when the connection is gone."""
        self._connection = connection
        self._outbox = Outbox()
        self._taken = 0
        self._loop = asyncio.get_running_loop()
        self._will_tell = False

    @property
    def is_open(self) -> bool:
        """Whether neither side is closing it."""
        return self._connection.state is State.OPEN and not self._connection.transport.is_closing()

    @property
    def is_slow(self) -> bool:
        """Whether the other side lets messages lie."""
        return self._outbox.is_slow(self._loop.time())

    def send(self, parcel: Parcel, remote: Address) -> bool:
        """Send a message that came from an address on the PBX's side, or goes there; False when the link is gone."""
        if not self.is_open:
            return False
        self._outbox.put(parcel, self._loop.time())
        broadcast([self._connection], pack(remote, parcel.octets))
        if len(self._outbox) > MAX_UNTAKEN or self._connection.transport.get_write_buffer_size() > MAX_UNSENT:
            self._connection.transport.abort()  # what it is owed would pile up here; it goes another way
        return True

    def unreachable(self, remote: Address) -> None:
        """Say that the PBX cannot be reached."""
        broadcast([self._connection], say(Unreachable(remote=str(remote))))

    def left(self) -> list[Parcel]:
        """Return what the other side has not taken, oldest first."""
        return self._outbox.left()

    async def run(self, take: Callable[[Address, bytes], None], lost: Callable[[Address], None]) -> str:
        """Read until the link is gone; return why.

        Args:
            take: told the address on the PBX's side and the message.
            lost: told which address the PBX cannot be reached at.
        """
        try:
            async for frame in self._connection:
                self._read(frame, take, lost)
        except TunnelError as error:
            await self._connection.close(error.code, str(error))
            return str(error)
        except ConnectionClosed:
            pass
        return why_closed(self._connection)

    async def close(self) -> None:
        """Close the link after what was written."""
        await self._connection.close(CloseCode.GOING_AWAY)

    def abort(self) -> None:
        """Drop the link now."""
        self._connection.transport.abort()

    def _read(
        self, frame: str | bytes, take: Callable[[Address, bytes], None], lost: Callable[[Address], None]
    ) -> None:
        if isinstance(frame, bytes):
            take(*unpack(frame))
            self._taken += 1
            if not self._will_tell:  # one word for all that comes in this turn of the loop
                self._will_tell = True
                self._loop.call_soon(self._tell)
            return
        match hear(frame):
            case Taken(count=count):
                self._outbox.taken(count)
            case Unreachable(remote=remote):
                lost(read_address(remote))
            case _:
                raise TunnelError("only the first word of each side is hello or welcome")

    def _tell(self) -> None:
        self._will_tell = False
        broadcast([self._connection], say(Taken(count=self._taken)))


def why_closed(connection: Connection) -> str:
    """Return in a few words why a connection is gone."""
    if connection.protocol.close_rcvd is not None:
        code = connection.protocol.close_rcvd.code
        return connection.protocol.close_rcvd.reason or (
            "closed" if code in (1000, 1001) else f"closed with code {code}"
        )
    sent = connection.protocol.close_sent
    return sent.reason if sent is not None and sent.reason else "the connection broke"
