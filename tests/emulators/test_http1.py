"""Claims about HTTP/1.1 at the server's end, over real sockets."""

import asyncio
from contextlib import suppress

import pytest
from tests.emulators.bench import run, until
from tests.emulators.conftest import Tls
from tests.emulators.listening import Held, listening

from ringwake.emulators.exchange import Request, Response
from ringwake.emulators.manner import Terms


class Http1Client:
    """Octets in, octets out."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    @classmethod
    async def connect(cls, port: int, tls: Tls) -> "Http1Client":
        return cls(*await asyncio.open_connection("127.0.0.1", port, ssl=tls.client("http/1.1")))

    def send(self, *lines: str, body: bytes = b"") -> None:
        self.writer.write("\r\n".join([*lines, "", ""]).encode("latin-1") + body)

    async def answer(self) -> tuple[int, bytes]:
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
        status = int(head.split()[1])
        lengths = [line.split(":")[1] for line in head.lower().splitlines() if line.startswith("content-length")]
        return status, await self.reader.readexactly(int(lengths[0]) if lengths else 0)

    async def is_closed(self) -> bool:
        with suppress(ConnectionError):
            return await self.reader.read() == b""
        return True

    def close(self) -> None:
        self.writer.close()


def test_requests_follow_one_another_on_a_connection(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http1Client.connect(listener.port, tls)
            for body in (b"one", b"two"):
                client.send("POST /x HTTP/1.1", "Host: a", f"Content-Length: {len(body)}", body=body)
                assert await client.answer() == (200, body)
            assert listener.counters.connections == 1
            client.close()

    run(story())


def test_a_chunked_body_is_put_together(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http1Client.connect(listener.port, tls)
            body = b"3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
            client.send("POST /x HTTP/1.1", "Host: a", "Transfer-Encoding: chunked", body=body)
            assert await client.answer() == (200, b"abcde")
            client.close()

    run(story())


def test_a_request_sent_ahead_waits_for_the_answer_before_it(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.send("POST /held HTTP/1.1", "Host: a", "Content-Length: 5", body=b"first")
            await until(lambda: handler.waiting == 1)
            client.send("POST /now HTTP/1.1", "Host: a", "Content-Length: 6", body=b"second")
            handler.release.set()
            assert [await client.answer(), await client.answer()] == [(200, b"first"), (200, b"second")]
            client.close()

    run(story())


def test_too_much_sent_ahead_ends_the_connection(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler, terms=Terms(body_size=1000)) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.send("POST /held HTTP/1.1", "Host: a", "Content-Length: 0")
            await until(lambda: handler.waiting == 1)
            client.writer.write(b"x" * 1001)
            assert await client.is_closed()
            assert handler.cancelled == 1
            client.close()

    run(story())


def test_a_long_body_is_cut_answered_and_the_connection_closed(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, terms=Terms(body_size=100)) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.send("POST /x HTTP/1.1", "Host: a", "Content-Length: 100000", body=b"x" * 200)
            assert await client.answer() == (413, b"x" * 100)
            assert await client.is_closed()
            client.close()

    run(story())


def test_a_long_body_is_not_read_on_while_its_answer_is_awaited(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler, terms=Terms(body_size=100)) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.send("POST /held HTTP/1.1", "Host: a", "Content-Length: 180", body=b"x" * 150)
            await until(lambda: handler.waiting == 1)
            client.writer.write(b"x" * 30)
            handler.release.set()
            assert await client.answer() == (413, b"x" * 100)
            assert await client.is_closed()
            assert listener.counters.requests == 1
            client.close()

    run(story())


def test_what_follows_the_last_answer_is_ignored(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.send("POST /x HTTP/1.1", "Host: a", "Connection: close", "Content-Length: 0", body=b"junk\r\n\r\n")
            assert await client.answer() == (200, b"")
            assert await client.is_closed()
            client.close()

    run(story())


def test_a_client_that_asks_first_is_told_to_continue(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.send("POST /x HTTP/1.1", "Host: a", "Content-Length: 2", "Expect: 100-continue")
            assert await client.answer() == (100, b"")
            client.writer.write(b"ok")
            assert await client.answer() == (200, b"ok")
            client.close()

    run(story())


def test_head_is_answered_without_a_body(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.send("HEAD /x HTTP/1.1", "Host: a", "Content-Length: 2", "Connection: close", body=b"ab")
            head = await client.reader.read()
            assert b"content-length: 2" in head.lower()
            assert head.endswith(b"\r\n\r\n")
            client.close()

    run(story())


@pytest.mark.parametrize("status", [204, 304])
def test_an_answer_that_has_no_body_is_sent_without(tls: Tls, status: int) -> None:
    def bodiless(request: Request) -> Response:
        del request
        return Response(status=status, body=b"too much")

    async def story() -> None:
        async with listening(tls, bodiless) as listener:
            client = await Http1Client.connect(listener.port, tls)
            for _ in range(2):
                client.send("DELETE /x HTTP/1.1", "Host: a")
                assert (await client.reader.readuntil(b"\r\n\r\n")).startswith(b"HTTP/1.1 %d" % status)
            client.close()

    run(story())


def test_a_reset_reply_closes_without_an_answer(tls: Tls) -> None:
    async def story() -> None:
        async with listening(tls, Held()) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.send("POST /reset HTTP/1.1", "Host: a", "Content-Length: 0")
            assert await client.is_closed()
            assert listener.counters.resets_sent == 1
            client.close()

    run(story())


def test_an_idle_connection_is_closed_at_once_by_goodbye_and_a_busy_one_after_its_answer(tls: Tls) -> None:
    async def story() -> None:
        handler = Held()
        async with listening(tls, handler) as listener:
            idle = await Http1Client.connect(listener.port, tls)
            idle.send("POST /now HTTP/1.1", "Host: a", "Content-Length: 0")
            assert await idle.answer() == (200, b"")
            busy = await Http1Client.connect(listener.port, tls)
            busy.send("POST /held HTTP/1.1", "Host: a", "Content-Length: 0")
            await until(lambda: handler.waiting == 1)
            assert (listener.open_connections, listener.open_requests) == (2, 1)
            for accepted in list(listener._open):
                accepted.line.goodbye()
            assert await idle.is_closed()
            handler.release.set()
            assert await busy.answer() == (200, b"")
            assert await busy.is_closed()
            idle.close()
            busy.close()

    run(story())


@pytest.mark.parametrize(
    ("request_octets", "status"),
    [
        (b"BAD\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nX-A: a\0b\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nX-A: " + b"y" * 9000 + b"\r\n\r\n", b"431"),
        (b"\x16\x03\x01\0\0\0\0\r\n\r\n", b"400"),
        (b"POST /x HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n", b"400"),
    ],
)
def test_what_is_not_http_is_answered_and_the_connection_closed(tls: Tls, request_octets: bytes, status: bytes) -> None:
    async def story() -> None:
        async with listening(tls) as listener:
            client = await Http1Client.connect(listener.port, tls)
            client.writer.write(request_octets)
            answer = await client.reader.read()
            assert answer.startswith(b"HTTP/1.1 " + status)
            assert listener.counters.malformed == 1
            assert listener.counters.requests == 0
            client.close()

    run(story())
