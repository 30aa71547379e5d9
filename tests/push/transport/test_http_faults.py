"""Connections that fail, on every transport: what is lost, and how soon it is known (push-services 7.4)."""

from __future__ import annotations

import asyncio
import os
import socket
from pathlib import Path

import pytest
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.service import Faults, Received, Reply, Service
from tests.push.transports import Make, curl, opened, post, provider, statuses

from ringwake.push.errors import UnansweredError

both = pytest.mark.parametrize("make", [curl, provider])


@both
def test_many_pushes_share_one_connection(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            await post(transport, service.url + "/")
            assert await statuses(transport, service.url + "/", 500, at_once=90) == [200] * 500
            assert service.accepted == 1

    run(story())


@both
def test_nothing_is_lost_when_streams_are_refused(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(max_streams=1)) as service, opened(make(certs)) as transport:
            assert await statuses(transport, service.url + "/", 400, at_once=400) == [200] * 400
            assert len(service.received) == 400, "none was doubled"

    run(story())


@both
def test_nothing_is_lost_or_doubled_at_goaway(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(goaway_every=200)) as service, opened(make(certs)) as transport:
            assert await statuses(transport, service.url + "/", 1000, at_once=50) == [200] * 1000
            assert service.accepted >= 5
            assert service.answered == 1000

    run(story())


@pytest.mark.torture
@pytest.mark.timeout(600)
@both
def test_bursts_and_silence_lose_nothing(make: Make, certs: Certificates) -> None:
    """A lost wake-up shows only when traffic stops right then (push-services 7.2)."""

    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            for _ in range(250):
                assert await statuses(transport, service.url + "/", 400) == [200] * 400

    run(story(), limit=590)


@both
def test_an_idle_connection_that_the_server_closed_costs_nothing(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            for expected in range(1, 5):
                assert (await post(transport, service.url + "/")).status == 200
                assert service.accepted == expected
                for connection in tuple(service.live):
                    connection.close()
                await service.until(lambda: not service.live)

    run(story())


@both
def test_a_connection_lost_under_way_is_reported_and_replaced(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            service.handle = lambda _: None
            pending = asyncio.create_task(post(transport, service.url + "/secret-path"))
            await service.until(lambda: bool(service.held))
            for connection in tuple(service.live):
                connection.drop()
            with pytest.raises(UnansweredError) as caught:
                await pending
            assert "secret" not in f"{caught.value!r}{caught.value.__cause__!r}"
            service.handle = lambda _: Reply()
            assert (await post(transport, service.url + "/")).status == 200

    run(story())


@both
def test_a_request_without_answer_ends_alone(make: Make, certs: Certificates) -> None:
    def handle(received: Received) -> Reply | None:
        return None if received.path == "/silent" else Reply()

    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            service.handle = handle
            await post(transport, service.url + "/")
            silent = [post(transport, service.url + "/silent", within=0.3) for _ in range(20)]
            results, others = await asyncio.gather(
                asyncio.gather(*silent, return_exceptions=True), statuses(transport, service.url + "/", 70)
            )
            assert {str(error) for error in results} == {"no answer in time"}
            assert others == [200] * 70
            assert await statuses(transport, service.url + "/", 70) == [200] * 70
            await service.until(lambda: service.resets == 20)
            assert service.accepted == 1

    run(story())


@both
def test_a_cancelled_caller_leaves_nothing(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            service.handle = lambda _: None
            pending = asyncio.create_task(post(transport, service.url + "/", within=0.5))
            await service.until(lambda: bool(service.held))
            pending.cancel()
            await asyncio.wait([pending])
            assert pending.cancelled()
            await service.until(lambda: service.resets == 1)
            service.handle = lambda _: Reply()
            assert (await post(transport, service.url + "/")).status == 200
            assert service.accepted == 1

    run(story())


@both
def test_a_refused_connection_is_known_at_once(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            url = service.url
        async with opened(make(certs)) as transport, asyncio.timeout(5):
            with pytest.raises(UnansweredError, match=r"(?i)connection refused"):
                await post(transport, url + "/", within=20)

    run(story())


@both
def test_a_host_that_says_nothing_is_given_up_in_time(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(is_deaf=True)) as service, opened(make(certs)) as transport:
            with pytest.raises(UnansweredError, match="in time"):
                await post(transport, service.url + "/", within=0.2)

    run(story())


@both
def test_a_path_that_dies_silently_is_noticed_within_seconds(make: Make, certs: Certificates) -> None:
    """By TCP_USER_TIMEOUT. Measured on a cut path: a new connection after 3.3 s; without it after 31 s or never."""

    async def story() -> None:
        async with Service(certs) as service, opened(make(certs)) as transport:
            await post(transport, service.url + "/")
            (connected,) = sockets_to(service.port)
            with connected:
                assert connected.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) == 3000

    run(story())


def sockets_to(port: int) -> list[socket.socket]:
    """Return duplicates of this process's connections to a port, whoever has opened them."""
    found = []
    for name in Path("/proc/self/fd").iterdir():
        try:
            it = socket.socket(fileno=os.dup(int(name.name)))
        except OSError:
            continue
        try:
            is_there = it.getpeername()[1:2] == (port,)
        except OSError:
            is_there = False
        if is_there:
            found.append(it)
        else:
            it.close()
    return found
