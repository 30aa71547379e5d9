"""Claims about the listener: ports, connections that are cut, refused or too many, and a clean end."""

import asyncio
import http.client
import socket
import ssl
from contextlib import suppress

import pytest
from tests.emulators.bench import Http2Client, ManualClock, run, until
from tests.emulators.conftest import Tls
from tests.emulators.listening import Held, echo, listening

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.manner import Terms
from ringwake.emulators.server import Listener


def test_both_versions_of_http_are_answered(tls: Tls) -> None:
    def ask_http1(port: int) -> tuple[int, bytes]:
        connection = http.client.HTTPSConnection("127.0.0.1", port, context=tls.client(), timeout=10)
        connection.request("POST", "/x", body=b"hello")
        answer = connection.getresponse()
        result = answer.status, answer.read()
        connection.close()
        return result

    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            number = client.send("/x", {}, b"hello")
            assert await client.answers(number) == [200]
            assert client.bodies[number] == b"hello"
            await client.close()
            assert await asyncio.to_thread(ask_http1, listener.port) == (200, b"hello")
            assert listener.counters.requests == 2

    run(story())


def test_it_listens_on_ipv6(tls: Tls) -> None:
    async def story() -> None:
        listener = Listener(echo, tls=tls.server(), clock=ManualClock())
        await listener.open("::1")
        client = await Http2Client.connect(listener.port, tls.client("h2"), host="::1")
        assert await client.ask("/x", {}) == 200
        await client.close()
        await listener.close()

    run(story())


def test_shut_cuts_and_refuses_until_reopened_on_the_same_port(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            listener.shut()
            listener.shut()
            await client.until(lambda: client.is_closed)
            with pytest.raises(ConnectionRefusedError):
                await Http2Client.connect(listener.port, tls.client("h2"))
            port = listener.port
            await listener.reopen()
            await listener.reopen()
            again = await Http2Client.connect(port, tls.client("h2"))
            assert await again.ask("/x", {}) == 200
            for each in (client, again):
                await each.close()

    run(story())


def test_a_shut_listener_can_be_closed(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            listener.shut()

    run(story())


def test_who_shuts_or_closes_it_while_it_reopens_has_the_last_word(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            listener.shut()
            asyncio.get_running_loop().call_soon(listener.shut)
            await listener.reopen()
            with pytest.raises(ConnectionRefusedError):
                await Http2Client.connect(listener.port, tls.client("h2"))
            await asyncio.gather(listener.reopen(), listener.close())
            assert listener._reserved is None
            with pytest.raises(ConnectionRefusedError):
                await Http2Client.connect(listener.port, tls.client("h2"))

    run(story())


def test_connections_above_the_bound_are_closed(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, terms=Terms(connections=1)) as listener:
            first = await Http2Client.connect(listener.port, tls.client("h2"))
            with pytest.raises((ConnectionError, ssl.SSLError)):
                await Http2Client.connect(listener.port, tls.client("h2"))
            assert await first.ask("/x", {}) == 200
            await first.close()

    run(story())


def test_a_client_without_tls_is_dropped(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port)
            writer.write(b"GET / HTTP/1.1\r\n\r\n" * 10)
            await until(lambda: listener.counters.malformed == 1)
            writer.close()
            del reader

    run(story())


def test_a_client_that_does_not_trust_us_is_forgotten(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            with pytest.raises(ssl.SSLError):
                await Http2Client.connect(listener.port, ssl.create_default_context())
            await until(lambda: not listener._open)

    run(story())


def test_old_tls_is_refused(tls: Tls) -> None:
    assert tls.server().minimum_version == ssl.TLSVersion.TLSv1_2


def test_http1_can_be_refused(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, terms=Terms(http1=False)) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=tls.client())
            writer.write(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n")
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
            assert listener.counters.malformed == 1
            writer.close()

    run(story())


def test_it_ends_with_handshakes_requests_and_idle_connections_open(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        listener = Listener(handler, tls=tls.server(), clock=ManualClock())
        await listener.open("127.0.0.1")
        idle = await Http2Client.connect(listener.port, tls.client("h2"))
        busy = await Http2Client.connect(listener.port, tls.client("h2"))
        busy.send("/held", {})
        await until(lambda: handler.waiting == 1)
        mute = socket.create_connection(("127.0.0.1", listener.port))
        await until(lambda: len(listener._open) == 3)
        new = socket.create_connection(("127.0.0.1", listener.port))
        await listener.close()
        await idle.until(lambda: idle.is_closed)
        assert idle.goaway is not None
        assert handler.cancelled == 1
        for client in (idle, busy):
            await client.close()
        mute.close()
        new.close()

    run(story())


def test_an_error_of_ours_is_answered_500_and_counted(tls: Tls) -> None:
    def broken(request: Request) -> Response:
        raise KeyError(request.path)

    async def broken_later(request: Request) -> Response:
        raise KeyError(request.path)

    async def story() -> None:
        for handler in (broken, broken_later):
            listener = Listener(handler, tls=tls.server(), clock=ManualClock())
            await listener.open("127.0.0.1")
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            assert await client.ask("/x", {}) == 500
            assert listener.counters.failures == 1
            await client.close()
            await listener.close()

    run(story())
