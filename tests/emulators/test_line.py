"""Claims about a connection as a byte pipe: frozen, idle, congested, or never saying what it speaks."""

import asyncio

from tests.emulators.bench import Http2Client, ManualClock, run, until
from tests.emulators.conftest import Tls
from tests.emulators.listening import Held, listening

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.line import Engine, Line
from ringwake.emulators.manner import Manner, Terms


def test_a_frozen_connection_is_silent_until_it_thaws(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            held = client.send("/held", {})
            await until(lambda: handler.waiting == 1)
            listener.apply(Manner(freeze=True))
            handler.release.set()
            unread = client.send("/now", {})
            client.h2.ping(b"12345678")
            client.flush()
            await until(lambda: not listener._site.tasks)
            assert listener.counters.requests == 1
            assert held not in client.status
            listener.apply(Manner())
            assert await client.answers(held, unread) == [200, 200]
            assert listener.counters.pings == 1
            await client.close()

    run(story())


def test_a_frozen_listener_can_be_closed_and_a_close_waits_for_the_thaw(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            thawed = await Http2Client.connect(listener.port, tls.client("h2"))
            listener.apply(Manner(freeze=True))
            for accepted in listener._open:
                accepted.line.goodbye()
            assert len(listener._open) == 2
            listener.apply(Manner())
            await thawed.until(lambda: thawed.is_closed)
            assert thawed.goaway is not None
            last = await Http2Client.connect(listener.port, tls.client("h2"))
            listener.apply(Manner(freeze=True))
        for each in (client, thawed, last):
            await each.close()

    run(story())


def test_an_idle_connection_is_closed_with_the_services_word(tls: Tls) -> None:
    async def story() -> None:
        clock = ManualClock()
        handler = Held()
        async with listening(tls, handler, terms=Terms(idle_debug=b"IdleTimeout"), clock=clock) as listener:
            listener.apply(Manner(idle_seconds=10))
            idle = await Http2Client.connect(listener.port, tls.client("h2"))
            busy = await Http2Client.connect(listener.port, tls.client("h2"))
            number = busy.send("/held", {})
            await until(lambda: handler.waiting == 1)
            clock.advance(10)
            await idle.until(lambda: idle.is_closed)
            assert idle.goaway is not None
            assert idle.goaway.additional_data == b"IdleTimeout"
            handler.release.set()
            assert await busy.answers(number) == [200]
            for each in (idle, busy):
                await each.close()

    run(story())


def test_use_puts_off_the_idle_close(tls: Tls) -> None:
    async def story() -> None:
        clock = ManualClock()
        async with listening(tls, clock=clock) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            listener.apply(Manner(idle_seconds=10))
            clock.advance(9)
            assert await client.ask("/x", {}) == 200
            clock.advance(9)
            assert await client.ask("/x", {}) == 200
            clock.advance(10)
            await client.until(lambda: client.is_closed)
            await client.close()

    run(story())


def test_a_connection_that_never_says_what_it_speaks_is_closed_when_idle(tls: Tls) -> None:
    async def story() -> None:
        clock = ManualClock()
        async with listening(tls, clock=clock) as listener:
            listener.apply(Manner(idle_seconds=10))
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=tls.client())
            writer.write(b"PRI *")
            await until(lambda: any(accepted.line._unread for accepted in listener._open))
            clock.advance(10)
            assert await reader.read() == b""
            writer.close()

    run(story())


def test_a_client_that_reads_no_answers_is_read_no_further(tls: Tls) -> None:
    def big(request: Request) -> Response:
        del request
        return Response(status=200, body=b"x" * 60_000)

    async def story() -> None:
        async with listening(tls, big) as listener:
            reader, writer = await asyncio.open_connection("127.0.0.1", listener.port, ssl=tls.client("http/1.1"))
            ask = b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n"
            writer.transport.pause_reading()  # type: ignore[attr-defined]  # a stream's transport reads
            for _ in range(2000):
                writer.write(ask)
            await until(lambda: any(accepted.line._congested for accepted in listener._open))
            assert listener.counters.requests < 2000
            writer.transport.resume_reading()  # type: ignore[attr-defined]  # a stream's transport reads
            while listener.counters.requests < 2000:
                await reader.read(65_536)
            writer.transport.abort()

    run(story())


def test_an_error_of_ours_ends_its_own_connection_only(tls: Tls) -> None:
    def broken(line: Line, first: bytes) -> Engine | None:
        raise KeyError(first, line)

    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http2Client.connect(listener.port, tls.client("h2"))
            (accepted,) = listener._open
            accepted.line._engine = None
            accepted.line._choose = broken
            client.send("/x", {})
            await client.until(lambda: client.is_closed)
            assert listener.counters.failures == 1
            listener.counters.failures = 0
            other = await Http2Client.connect(listener.port, tls.client("h2"))
            assert await other.ask("/x", {}) == 200
            for each in (client, other):
                await each.close()

    run(story())
