"""The listeners on real sockets: bound before they are told of, closed without haste, unmoved by garbage."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.api.bed import TOKEN, Bed
from tests.support.authority import Authority
from tests.support.real_loop import run_real

from ringwake.api.apps import operator_app, public_app
from ringwake.api.http_server import HttpServer
from ringwake.net.tls import client_context

GET = b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"


def app() -> Starlette:
    async def hello(_: Request) -> Response:
        return Response("hello")

    return Starlette(routes=[Route("/", hello)])


@asynccontextmanager
async def served(made: Starlette, **files: Path) -> AsyncIterator[HttpServer]:
    server = HttpServer.bind(made, "127.0.0.1", 0, **files)
    server.start()
    try:
        yield server
    finally:
        await server.close()


def port_of(server: HttpServer) -> int:
    return int(server.url.rpartition(":")[2])


async def tell(server: HttpServer, octets: bytes, *, tls: ssl.SSLContext | None = None) -> bytes:
    """Send octets and return all that comes back."""
    name = "127.0.0.1" if tls else None
    reader, writer = await asyncio.open_connection("127.0.0.1", port_of(server), ssl=tls, server_hostname=name)
    writer.write(octets)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


def get(path: str, *more: str) -> bytes:
    return "\r\n".join([f"GET {path} HTTP/1.1", "Host: a", "Connection: close", *more, "", ""]).encode("latin-1")


def status(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def test_port_0_takes_any_and_the_url_says_which() -> None:
    async def test() -> None:
        async with served(app()) as server:
            assert server.url.startswith("http://127.0.0.1:")
            answer = await tell(server, GET)
            assert status(answer) == 200
            assert answer.endswith(b"hello")
            assert b"\r\nserver:" not in answer.lower(), "nobody needs to know by what it is served"

    run_real(test())


def test_an_address_of_ipv6_has_brackets_in_its_url() -> None:
    async def test() -> None:
        server = HttpServer.bind(app(), "::1", 0)
        await server.close()
        assert server.url.startswith("http://[::1]:")

    run_real(test())


def test_who_connects_before_the_start_is_answered_after_it() -> None:
    """`ready` is printed before the loop has turned: nobody who has read it may be refused."""

    async def test() -> None:
        server = HttpServer.bind(app(), "127.0.0.1", 0)
        with socket.create_connection(("127.0.0.1", port_of(server)), timeout=5) as client:
            client.sendall(GET)
            server.start()
            answer = await asyncio.to_thread(client.recv, 4096)
        await server.close()
        assert status(answer) == 200

    run_real(test())


def test_an_address_that_is_taken_is_told_at_once() -> None:
    async def test() -> None:
        async with served(app()) as server:
            with pytest.raises(OSError, match="Address already in use"):
                HttpServer.bind(app(), "127.0.0.1", port_of(server))

    run_real(test())


def test_after_the_end_nobody_listens() -> None:
    async def test() -> None:
        async with served(app()) as server:
            await tell(server, GET)
        with pytest.raises(ConnectionRefusedError):
            await tell(server, GET)

    run_real(test())


def test_a_server_that_was_never_started_can_be_closed() -> None:
    async def test() -> None:
        server = HttpServer.bind(app(), "127.0.0.1", 0)
        await server.close()
        with pytest.raises(ConnectionRefusedError):
            await tell(server, GET)

    run_real(test())


def test_what_is_under_way_is_finished_before_the_end() -> None:
    async def test() -> None:
        arrived, go = asyncio.Event(), asyncio.Event()

        async def slow(_: Request) -> Response:
            arrived.set()
            await go.wait()
            return Response("done")

        server = HttpServer.bind(Starlette(routes=[Route("/", slow)]), "127.0.0.1", 0)
        server.start()
        asking = asyncio.create_task(tell(server, GET))
        await arrived.wait()
        closing = asyncio.create_task(server.close())
        go.set()
        assert (await asking).endswith(b"done")
        await closing

    run_real(test())


def test_the_signals_stay_with_the_process() -> None:
    async def test() -> None:
        before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
        async with served(app()) as server:
            await tell(server, GET)
            assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before

    run_real(test())


def test_with_a_certificate_it_speaks_tls_1_2_or_newer_and_nothing_else(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue("127.0.0.1")

    async def test() -> None:
        async with served(app(), certificate=pair.certificate, key=pair.key) as server:
            assert server.url.startswith("https://127.0.0.1:")
            assert status(await tell(server, GET, tls=client_context(authority.file))) == 200
            assert not (await tell(server, GET)).startswith(b"HTTP/")
            old = client_context(authority.file)
            old.minimum_version = old.maximum_version = ssl.TLSVersion.TLSv1_1
            old.set_ciphers("ALL:@SECLEVEL=0")
            with pytest.raises((ssl.SSLError, ConnectionResetError)):
                await tell(server, GET, tls=old)

    with pytest.warns(DeprecationWarning, match="TLSv1_1"):
        run_real(test())


def test_files_that_do_not_fit_are_told_at_once(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    one, other = authority.issue("127.0.0.1"), authority.issue("127.0.0.1")
    with pytest.raises(ssl.SSLError, match="KEY_VALUES_MISMATCH"):
        HttpServer.bind(app(), "127.0.0.1", 0, certificate=one.certificate, key=other.key)
    with pytest.raises(FileNotFoundError):
        HttpServer.bind(app(), "127.0.0.1", 0, certificate=tmp_path / "none", key=one.key)


@pytest.mark.parametrize(
    "octets",
    [
        b"hello\r\n\r\n",
        b"\0" * 100,
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/TCP a\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: " + b"x" * 70_000,
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n",
    ],
)
def test_garbage_is_400_and_writes_no_log(octets: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """A line for each would let strangers fill the disk."""

    async def test() -> None:
        async with served(app()) as server:
            answer = await tell(server, octets)
            assert status(answer) == 400
            assert status(await tell(server, GET)) == 200

    with caplog.at_level(logging.DEBUG):
        run_real(test())
    assert [record.getMessage() for record in caplog.records if record.name.startswith("uvicorn")] == []


def test_a_fault_of_ours_is_in_the_log_with_its_traceback(caplog: pytest.LogCaptureFixture) -> None:
    async def broken(_: Request) -> Response:
        raise RuntimeError("canary")

    async def test() -> None:
        async with served(Starlette(routes=[Route("/", broken)])) as server:
            assert status(await tell(server, GET)) == 500

    run_real(test())
    (record,) = [record for record in caplog.records if record.levelno >= logging.ERROR]
    assert record.exc_info is not None
    assert str(record.exc_info[1]) == "canary"


def test_no_websocket_is_opened_here() -> None:
    upgrade = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")

    async def test() -> None:
        bed = await Bed.make()
        for make in (operator_app, public_app):
            async with served(make(bed.backend)) as server:
                octets = get("/api/v1/calls", *upgrade).replace(b"Connection: close", b"Connection: Upgrade, close")
                assert status(await tell(server, octets)) in (401, 404)

    run_real(test())


TRICKS = [
    "/api/v1/accounts",
    "/%61pi/v1/accounts",
    "/api%2fv1%2faccounts",
    "//api/v1/accounts",
    "/./api/v1/accounts",
    "/me/../api/v1/accounts",
    "/livez/../api/v1/accounts",
    "/livez/..%2fapi/v1/accounts",
    "/API/V1/ACCOUNTS",
    "/api/v1/accounts?x=/livez",
    "/api/v1/accounts;x",
    "/api/v1/accounts%00",
    "/api/v1/accounts%0d%0a",
    "http://a/api/v1/accounts",
    "/api",
]


@pytest.mark.parametrize(("make", "refusals"), [(operator_app, (401, 404)), (public_app, (404,))])
def test_no_spelling_of_a_path_gets_around_the_gate(make: Callable[..., Starlette], refusals: tuple[int, ...]) -> None:
    async def test() -> None:
        bed = await Bed.make()
        async with served(make(bed.backend)) as server:
            for path in TRICKS:
                answer = await tell(server, get(path, "X-Forwarded-Prefix: /x", "X-Original-URL: /livez"))
                assert status(answer) in refusals, path
                assert b"alice" not in answer

    run_real(test())


def test_the_operator_gets_through_the_wire() -> None:
    async def test() -> None:
        bed = await Bed.make()
        async with served(operator_app(bed.backend)) as server:
            answer = await tell(server, get("/api/v1/accounts", f"Authorization: Bearer {TOKEN}"))
            assert status(answer) == 200
            head = await tell(server, get("/livez").replace(b"GET", b"HEAD"))
            assert status(head) == 200
            assert head.endswith(b"\r\n\r\n")

    run_real(test())
