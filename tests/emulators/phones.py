"""A software phone's end of the inbox, written from docs/reference/inbox.md alone."""

import json
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any, TypeAlias

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed

Message: TypeAlias = Mapping[str, object] | str | bytes


class Phone:
    """One connection; pushes that come between request and answer are kept."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.pushes: list[dict[str, Any]] = []

    async def send(self, message: Message) -> None:
        await self.connection.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def read(self) -> dict[str, Any]:
        message: dict[str, Any] = json.loads(await self.connection.recv())
        return message

    async def ask(self, message: Message) -> dict[str, Any]:
        await self.send(message)
        while (answer := await self.read())["op"] == "push":
            self.pushes.append(answer)
        return answer

    async def push(self) -> dict[str, Any]:
        """Return the next push."""
        while not self.pushes:
            message = await self.read()
            assert message["op"] == "push"
            self.pushes.append(message)
        return self.pushes.pop(0)

    async def attach(self, device: str = "alice-iphone", secret: str = "secret-of-alice") -> dict[str, Any]:
        return await self.ask({"op": "attach", "device": device, "secret": secret})

    async def control(self, secret: str) -> dict[str, Any]:
        return await self.ask({"op": "control", "secret": secret})

    async def closed(self) -> int:
        """Return the code with which the inbox closes."""
        try:
            while True:
                await self.connection.recv()
        except ConnectionClosed:
            return self.connection.close_code or 0


@asynccontextmanager
async def phone(url: str, context: ssl.SSLContext, **options: Any) -> AsyncIterator[Phone]:
    async with connect(url, ssl=context, compression=None, max_queue=None, **options) as connection:
        yield Phone(connection)
