"""What is special to the warm HTTP/2 connection: who goes first, and what its errors may say (push-services 7.1)."""

from __future__ import annotations

import asyncio
import os
from datetime import timedelta

import pytest
from pyreqwest.exceptions import ClientClosedError, ConnectError, ConnectTimeoutError, PyreqwestError
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.service import Faults, Received, Reply, Service
from tests.push.transports import opened

from ringwake.push import http_reqwest
from ringwake.push.errors import CredentialsError, UnansweredError
from ringwake.push.http_reqwest import ReqwestTransport, _reason
from ringwake.push.room import Room


def made(certs: Certificates) -> ReqwestTransport:
    return ReqwestTransport(ca=certs.ca.read_bytes())


def burst(transport: ReqwestTransport, url: str, count: int) -> list[asyncio.Task[int]]:
    async def one() -> int:
        return (await transport.post(url, {}, body=b"", within=5.0)).status

    return [asyncio.create_task(one()) for _ in range(count)]


def test_the_first_request_on_a_connection_goes_alone(certs: Certificates) -> None:
    """A strict server kills the connection at an overrun of its first SETTINGS."""

    async def story() -> None:
        transport = made(certs)
        async with Service(certs, Faults(max_streams=1, is_strict=True)) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 400)) == [200] * 400
            assert service.accepted == 1

    run(story())


def test_after_a_lost_connection_the_next_goes_alone_again(certs: Certificates) -> None:
    async def story() -> None:
        transport = made(certs)
        async with Service(certs, Faults(max_streams=1, is_strict=True)) as service, opened(transport):
            await asyncio.gather(*burst(transport, service.url + "/", 10))
            service.handle = lambda _: None
            lost = burst(transport, service.url + "/", 10)
            await service.until(lambda: len(service.held) == 10)
            for connection in tuple(service.live):
                connection.drop()
            results = await asyncio.gather(*lost, return_exceptions=True)
            assert all(isinstance(error, UnansweredError) for error in results)
            service.handle = lambda _: Reply()
            assert await asyncio.gather(*burst(transport, service.url + "/", 100)) == [200] * 100
            assert service.accepted == 2

    run(story())


def test_after_a_long_rest_the_next_goes_alone(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may have closed the connection meanwhile, and nobody tells us."""
    monkeypatch.setattr(http_reqwest, "COLD_AFTER", 0.0)

    async def story() -> None:
        transport = made(certs)
        async with Service(certs, Faults(max_streams=1, is_strict=True)) as service, opened(transport):
            for _ in range(3):
                assert await asyncio.gather(*burst(transport, service.url + "/", 20)) == [200] * 20
                for connection in tuple(service.live):
                    connection.close()
                await service.until(lambda: not service.live)
            assert service.accepted == 3

    run(story())


def test_a_first_request_that_hangs_does_not_hold_the_others_for_long(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_reqwest, "ALONE_SECONDS", 0.05)

    def handle(received: Received) -> Reply | None:
        return None if received.path == "/slow" else Reply()

    async def story() -> None:
        transport = made(certs)
        async with Service(certs) as service, opened(transport):
            service.handle = handle
            slow = burst(transport, service.url + "/slow", 1)
            await service.until(lambda: bool(service.held))
            assert await asyncio.gather(*burst(transport, service.url + "/", 50)) == [200] * 50
            service.held[0].answer(Reply())
            assert await slow[0] == 200
            assert service.accepted == 1

    run(story())


def test_who_waits_for_the_first_gives_up_in_time(certs: Certificates) -> None:
    async def story() -> None:
        transport = made(certs)
        async with Service(certs) as service, opened(transport):
            service.handle = lambda _: None
            first = asyncio.create_task(transport.post(service.url + "/", {}, body=b"", within=0.4))
            await service.until(lambda: bool(service.held))
            with pytest.raises(UnansweredError, match="in time"):
                await transport.post(service.url + "/", {}, body=b"", within=0.1)
            with pytest.raises(UnansweredError, match="in time"):
                await first
            assert len(service.received) == 1

    run(story())


def test_what_the_service_has_not_looked_at_goes_out_again(certs: Certificates) -> None:
    """More often than reqwest itself would: each connection takes 20 of 100."""

    async def story() -> None:
        transport = made(certs)
        async with Service(certs, Faults(goaway_every=20)) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 100)) == [200] * 100
            assert service.answered == 100

    run(story())


def test_a_service_that_refuses_every_stream_is_given_up(certs: Certificates) -> None:
    async def story() -> None:
        transport = made(certs)
        async with Service(certs, Faults(refuses=True)) as service, opened(transport):
            with pytest.raises(UnansweredError, match="refuses streams"):
                await transport.post(service.url + "/", {}, body=b"", within=5.0)
            assert service.refused < 50

    run(story())


def test_a_connection_that_died_silently_is_noticed_and_replaced(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PINGs find it while nothing is sent, so that the next call does not wait for a time-out."""
    monkeypatch.setattr(http_reqwest, "PING_EVERY", timedelta(seconds=0.1))
    monkeypatch.setattr(http_reqwest, "PING_TIMEOUT", timedelta(seconds=0.2))

    async def story() -> None:
        transport = made(certs)
        async with Service(certs) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            service.faults.is_deaf = True
            await service.until(lambda: not service.live)
            service.faults.is_deaf = False
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            assert service.accepted == 2

    run(story())


def test_the_number_of_requests_under_way_is_bounded(certs: Certificates) -> None:
    async def story() -> None:
        transport = ReqwestTransport(ca=certs.ca.read_bytes(), room=Room(at_once=5))
        async with Service(certs) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            service.handle = lambda _: None
            tasks = burst(transport, service.url + "/", 8)
            await service.until(lambda: len(service.held) == 5)
            for held in service.held[:5]:
                held.answer(Reply())
            await service.until(lambda: len(service.held) == 8)
            for held in service.held[5:]:
                held.answer(Reply())
            assert await asyncio.gather(*tasks) == [200] * 8

    run(story())


def test_without_any_certificate_to_trust_it_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", os.devnull)
    with pytest.raises(CredentialsError, match="install ca-certificates"):
        ReqwestTransport()


def test_an_own_authority_is_enough(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", os.devnull)
    monkeypatch.setenv("SSL_CERT_DIR", os.devnull)

    async def story() -> None:
        transport = made(certs)
        async with Service(certs) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]

    run(story())


URL = "https://api.push.apple.com/3/device/abcd"


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ConnectTimeoutError("x", {"causes": [{"message": f"sending for url ({URL})"}]}), "no answer in time"),
        (ClientClosedError("x", {"causes": None}), "closed"),
        (ConnectError("x", {"causes": None}), "ConnectError"),
        (ConnectError("x", {"causes": []}), "ConnectError"),
        (ConnectError("x", {"causes": [{"message": URL}]}), "ConnectError"),
        (
            ConnectError("x", {"causes": [{"message": f"a ({URL})"}, {"message": "Connection refused"}]}),
            "Connection refused",
        ),
        (
            ConnectError("x", {"causes": [{"message": f"error sending request for url ({URL})"}]}),
            "error sending request for url",
        ),
        (ConnectError("x", {"causes": [{"message": "y" * 500}]}), "y" * 120),
        (PyreqwestError("x"), "PyreqwestError"),
    ],
)
def test_a_reason_never_holds_the_url(error: PyreqwestError, reason: str) -> None:
    assert _reason(error) == reason
