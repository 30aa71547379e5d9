"""Claims about sending to a WebSocket that may not read, or not be there any more."""

import asyncio
from typing import cast

from tests.emulators.bench import run, until
from tests.emulators.conftest import Tls
from tests.emulators.inboxes import REGISTER_FCM, inbox
from tests.emulators.offices import events
from tests.emulators.phones import phone
from websockets.asyncio.server import ServerConnection
from websockets.exceptions import ConnectionClosedError

from ringwake.emulators.link import _FULL, WebSocketLink


class StuckConnection:
    """In place of the library's: it sends when the test says so."""

    def __init__(self) -> None:
        self.may_send = asyncio.Event()
        self.sent: list[str] = []
        self.closed: list[tuple[int, str]] = []

    async def send(self, text: str) -> None:
        await self.may_send.wait()
        self.sent.append(text)

    async def close(self, code: int, reason: str) -> None:
        self.closed.append((code, reason))


def test_there_is_no_room_while_too_much_is_unsent() -> None:
    async def story() -> None:
        connection = StuckConnection()
        link = WebSocketLink(cast(ServerConnection, connection))
        sender = asyncio.create_task(link.run())
        for number in range(_FULL):
            await link.room()
            link.send({"n": number})
        room = asyncio.create_task(link.room())
        await until(lambda: len(link._unsent) == _FULL)
        assert not room.done()
        connection.may_send.set()
        await room
        link.end(4001, "bye")
        link.end(1000, "")
        link.send({"n": "too late"})
        await sender
        assert connection.sent == [f'{{"n":{number}}}' for number in range(_FULL)]
        assert connection.closed == [(4001, "bye")]

    run(story())


def test_a_connection_that_is_lost_while_sending_ends_the_sending() -> None:
    class LostConnection(StuckConnection):
        async def send(self, text: str) -> None:
            del text
            raise ConnectionClosedError(None, None)

    async def story() -> None:
        link = WebSocketLink(cast(ServerConnection, LostConnection()))
        for number in range(_FULL):
            link.send({"n": number})
        await link.run()
        await link.room()
        link.send({"n": "too late"})
        assert len(link._unsent) == _FULL

    run(story())


def test_a_push_to_a_phone_that_has_just_gone_waits_for_its_return(tls: Tls) -> None:
    async def story() -> None:
        async with inbox(tls) as bench:
            async with phone(bench.url, bench.context) as alice:
                await alice.attach()
                token = (await alice.ask(REGISTER_FCM))["token"]
                alice.connection.transport.abort()
                bench.post(token)
            await until(lambda: "detached" in events(bench.office))
            async with phone(bench.url, bench.context) as alice:
                assert (await alice.attach())["waiting"] == 1
                assert (await alice.push())["again"] is True

    run(story())
