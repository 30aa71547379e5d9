"""A phone on the emulators' inbox (docs/reference/inbox.md): gets tokens, and reads its pushes."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from ringwake.emulators.lab import Lab


class Phone:
    """One device, attached."""

    def __init__(self, socket: ClientConnection) -> None:
        self._socket = socket

    async def ask(self, op: str, **fields: Any) -> dict[str, Any]:
        """Send a request and return its answer."""
        await self._socket.send(json.dumps({"op": op, **fields}))
        return await self._next()

    async def push(self) -> dict[str, Any]:
        """Return the next push, acknowledged."""
        got = await self._next()
        assert got["op"] == "push", got
        await self._socket.send(json.dumps({"op": "ack", "seq": got["seq"]}))
        return got

    async def _next(self) -> dict[str, Any]:
        got: dict[str, Any] = json.loads(await self._socket.recv())
        assert got["op"] != "error", got
        return got


@asynccontextmanager
async def attached(lab: Lab) -> AsyncIterator[Phone]:
    """Attach a new device."""
    context = ssl.create_default_context(cafile=lab.ca_file)
    async with connect(lab.inbox_url, ssl=context, max_queue=None) as socket:
        phone = Phone(socket)
        await phone.ask("attach", device="phone", secret="secret-of-the-phone")
        yield phone
