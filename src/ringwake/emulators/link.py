"""One WebSocket of the inbox as the other parts see it: sending never waits; what piles up stops the reading."""

import asyncio
from collections import deque

import msgspec
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosed

# While more than this is unsent, no request is read.
_FULL = 64


class WebSocketLink:
    """Sends in order, in a task of its own."""

    def __init__(self, connection: ServerConnection) -> None:
        self._connection = connection
        self._unsent: deque[str] = deque()
        self._changed = asyncio.Event()
        self._has_room = asyncio.Event()
        self._has_room.set()
        self._end: tuple[int, str] | None = None

    def send(self, message: dict[str, object]) -> None:
        """Queue one message."""
        if self._end is None:
            self._unsent.append(msgspec.json.encode(message).decode())
            self._update()

    def end(self, code: int, reason: str) -> None:
        """Close after what is queued."""
        if self._end is None:
            self._end = code, reason
            self._update()

    async def room(self) -> None:
        """Wait until little enough is unsent."""
        await self._has_room.wait()

    async def run(self) -> None:
        """Send until the end."""
        try:
            while self._end is None or self._unsent:
                await self._changed.wait()
                self._changed.clear()
                while self._unsent:
                    await self._connection.send(self._unsent[0])
                    self._unsent.popleft()
                    self._update()
            await self._connection.close(*self._end)
        except ConnectionClosed:
            self._end = self._end or (0, "")
        finally:
            self._has_room.set()

    def _update(self) -> None:
        self._changed.set()
        if len(self._unsent) < _FULL:
            self._has_room.set()
        else:
            self._has_room.clear()
