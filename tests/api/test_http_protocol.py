"""A request has twenty seconds to come, whatever is sent how slowly; its answer may take longer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.support.virtual_loop import pause, run_virtual
from uvicorn.server import ServerState

from ringwake.api.http_protocol import REQUEST_SECONDS, TimedHttp

GET = b"GET /quick HTTP/1.1\r\nHost: a\r\n\r\n"
POST = b"POST /body HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n"
IGNORED = POST.replace(b"/body", b"/quick")
KEEP_ALIVE = 5.0


class Wire(asyncio.Transport):
    """A connection in memory: what the server writes and when it ends it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed_at: float | None = None
        self.protocol: TimedHttp | None = None

    def get_extra_info(self, name: str, default: Any = None) -> Any:
        return {"peername": ("203.0.113.9", 40_000), "sockname": ("127.0.0.1", 8443)}.get(name, default)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += bytes(data)

    def is_closing(self) -> bool:
        return self.closed_at is not None

    def close(self) -> None:
        if self.closed_at is None and self.protocol is not None:
            loop = asyncio.get_running_loop()
            self.closed_at = loop.time()
            loop.call_soon(self.protocol.connection_lost, None)

    def abort(self) -> None:
        self.close()

    def pause_reading(self) -> None:
        """All is in memory."""

    def resume_reading(self) -> None:
        """All is in memory."""


class Connection:
    """A client of a server whose handlers answer at once, after the body, or late."""

    def __init__(self) -> None:
        async def quick(_: Request) -> Response:
            return Response("quick")

        async def body(request: Request) -> Response:
            return Response(await request.body())

        async def late(_: Request) -> Response:
            await pause(100)
            return Response("late")

        handlers = {"/quick": quick, "/body": body, "/late": late}
        routes = [Route(path, handler, methods=["GET", "POST"]) for path, handler in handlers.items()]
        config = uvicorn.Config(Starlette(routes=routes), log_config=None, lifespan="off", timeout_keep_alive=5)
        config.load()
        loop = asyncio.get_running_loop()
        self.wire, self._begin = Wire(), loop.time()
        self.http = TimedHttp(config=config, server_state=ServerState(), app_state={}, _loop=loop)
        self.wire.protocol = self.http
        self.http.connection_made(self.wire)

    async def drip(self, octets: bytes, every: float) -> None:
        """Send one octet after the other."""
        for octet in octets:
            self.send(bytes([octet]))
            await pause(every)

    def send(self, octets: bytes) -> None:
        if not self.wire.is_closing():
            self.http.data_received(octets)

    @property
    def ended_after(self) -> float | None:
        """Seconds from the connection to its end."""
        return None if self.wire.closed_at is None else self.wire.closed_at - self._begin


def connected(test: Callable[[Connection], Coroutine[Any, Any, None]]) -> None:
    async def run() -> None:
        connection = Connection()
        await test(connection)
        connection.wire.close()
        await pause(0)

    run_virtual(run())


def test_a_connection_that_says_nothing_is_closed() -> None:
    async def test(connection: Connection) -> None:
        await pause(REQUEST_SECONDS - 0.1)
        assert connection.ended_after is None
        await pause(0.2)
        assert connection.ended_after == pytest.approx(REQUEST_SECONDS)

    connected(test)


@pytest.mark.parametrize("octets", [GET, POST + b"0123456789"])
def test_a_request_that_drips_is_cut_off(octets: bytes) -> None:
    """Reliability S17: slow loris, in the head as in the body."""

    async def test(connection: Connection) -> None:
        await connection.drip(octets, 1.0)
        assert connection.ended_after == pytest.approx(REQUEST_SECONDS)
        assert connection.wire.written == b""

    connected(test)


@pytest.mark.parametrize("octets", [GET, POST + b"0123456789"])
def test_a_slow_phone_has_its_time(octets: bytes) -> None:
    async def test(connection: Connection) -> None:
        await connection.drip(octets, 19.0 / len(octets))
        assert connection.wire.written.startswith(b"HTTP/1.1 200 OK")
        assert connection.ended_after is None

    connected(test)


def test_an_answer_may_take_longer_than_a_request() -> None:
    async def test(connection: Connection) -> None:
        connection.send(GET.replace(b"/quick", b"/late"))
        await pause(101)
        assert connection.wire.written.endswith(b"late")
        assert connection.ended_after is None

    connected(test)


def test_the_second_request_has_its_own_time_and_no_more() -> None:
    async def test(connection: Connection) -> None:
        for _ in range(10):
            connection.send(GET)
            await pause(KEEP_ALIVE - 0.1)
        assert connection.wire.written.count(b"HTTP/1.1 200 OK") == 10
        begun = 10 * (KEEP_ALIVE - 0.1)
        await connection.drip(GET, 1.0)
        assert connection.ended_after == pytest.approx(begun + REQUEST_SECONDS)

    connected(test)


def test_a_connection_that_is_done_is_closed_as_before() -> None:
    async def test(connection: Connection) -> None:
        connection.send(GET)
        await pause(KEEP_ALIVE + 0.1)
        assert connection.ended_after == pytest.approx(KEEP_ALIVE)

    connected(test)


def test_the_rest_of_a_body_that_nobody_wanted_is_not_waited_for_either() -> None:
    async def test(connection: Connection) -> None:
        connection.send(IGNORED)
        await pause(0.1)
        assert connection.wire.written.endswith(b"quick")
        await connection.drip(b"012345678", 3.0)
        assert connection.ended_after == pytest.approx(REQUEST_SECONDS, abs=0.2)

    connected(test)


def test_requests_that_came_together_are_all_answered() -> None:
    async def test(connection: Connection) -> None:
        connection.send(GET + POST + b"0123456789" + POST[:20])
        await pause(0.1)
        assert connection.wire.written.count(b"HTTP/1.1 200 OK") == 2
        await pause(REQUEST_SECONDS)
        assert connection.ended_after is not None

    connected(test)


def test_a_request_behind_another_has_its_time_too() -> None:
    async def test(connection: Connection) -> None:
        connection.send(GET + POST)
        await pause(REQUEST_SECONDS + 0.1)
        assert connection.ended_after == pytest.approx(REQUEST_SECONDS, abs=0.1)

    connected(test)


def test_a_client_that_hangs_up_leaves_no_timer() -> None:
    async def test(connection: Connection) -> None:
        connection.send(GET[:10])
        connection.wire.close()
        await pause(0.1)
        assert connection.http._timer is None

    connected(test)
