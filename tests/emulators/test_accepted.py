"""Claims about a TCP connection before it is a TLS connection."""

import asyncio

from tests.emulators.bench import Http2Client, run, until
from tests.emulators.conftest import Tls
from tests.emulators.listening import listening


def test_a_client_that_goes_away_in_its_handshake_is_forgotten(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            for hello in (b"", b"\x16\x03\x01\x02\x00\x01"):
                _, writer = await asyncio.open_connection("127.0.0.1", listener.port)
                writer.write(hello)
                await until(lambda: len(listener._open) == 1)
                writer.transport.abort()
                await until(lambda: not listener._open)
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            assert await client.ask("/x", {}) == 200
            await client.close()

    run(story())


def test_a_handshake_under_way_is_cut_with_the_listener(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            await until(lambda: len(listener._open) == 1)
            listener.shut()
            try:
                assert await reader.read() == b""
            finally:
                writer.close()
            await until(lambda: not listener._open)

    run(story())
