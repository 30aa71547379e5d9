"""What is special to the warm connection to a provider: who goes first, and when it is given up (push-services 7.4)."""

from __future__ import annotations

import asyncio

import pytest
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.service import Faults, Received, Reply, Service
from tests.push.transports import opened, provider

from ringwake.push.errors import UnansweredError, UnprocessedError
from ringwake.push.transport import http_provider, warmth
from ringwake.push.transport.http import PushTransport
from ringwake.wake.delivery import PATIENCE


def burst(transport: PushTransport, url: str, count: int, *, within: float = 5.0) -> list[asyncio.Task[int]]:
    async def one() -> int:
        return (await transport.post(url, {}, body=b"", within=within)).status

    return [asyncio.create_task(one()) for _ in range(count)]


def test_the_first_request_on_a_connection_goes_alone(certs: Certificates) -> None:
    """A strict server kills the connection at an overrun of its first SETTINGS."""

    async def story() -> None:
        transport = provider(certs)
        async with Service(certs, Faults(max_streams=1, is_strict=True)) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 400)) == [200] * 400
            assert service.accepted == 1

    run(story())


def test_after_a_long_rest_the_next_goes_alone(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """The server may have closed the connection meanwhile, and nobody tells us."""
    monkeypatch.setattr(warmth, "COLD_AFTER", 0.0)

    async def story() -> None:
        transport = provider(certs)
        async with Service(certs, Faults(max_streams=1, is_strict=True)) as service, opened(transport):
            for _ in range(3):
                assert await asyncio.gather(*burst(transport, service.url + "/", 20)) == [200] * 20
                for connection in tuple(service.live):
                    connection.close()
            assert service.accepted == 3

    run(story())


def test_a_first_request_that_hangs_does_not_hold_the_others_for_long(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(warmth, "ALONE_SECONDS", 0.05)

    def handle(received: Received) -> Reply | None:
        return None if received.path == "/slow" else Reply()

    async def story() -> None:
        transport = provider(certs)
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
        transport = provider(certs)
        async with Service(certs) as service, opened(transport):
            service.handle = lambda _: None
            first = burst(transport, service.url + "/", 1, within=0.4)
            await service.until(lambda: bool(service.held))
            (second,) = burst(transport, service.url + "/", 1, within=0.1)
            with pytest.raises(UnansweredError, match="in time"):
                await second
            with pytest.raises(UnansweredError, match="in time"):
                await first[0]
            assert len(service.received) == 1

    run(story())


def test_what_the_service_has_not_looked_at_goes_out_again(certs: Certificates) -> None:
    """Each connection takes 20 of 100."""

    async def story() -> None:
        transport = provider(certs)
        async with Service(certs, Faults(goaway_every=20)) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 100)) == [200] * 100
            assert service.answered == 100

    run(story())


def test_after_a_lost_connection_the_next_goes_alone_again(certs: Certificates) -> None:
    """What was under way may have been delivered: it is reported. curl sends one of them again, under the same id."""

    async def story() -> None:
        transport = provider(certs)
        async with Service(certs, Faults(max_streams=1, is_strict=True)) as service, opened(transport):
            await asyncio.gather(*burst(transport, service.url + "/", 10))
            service.handle = lambda _: None
            lost = burst(transport, service.url + "/", 10, within=0.5)
            await service.until(lambda: len(service.held) == 10)
            for connection in tuple(service.live):
                connection.drop()
            results = await asyncio.gather(*lost, return_exceptions=True)
            assert all(isinstance(error, UnansweredError) for error in results)
            service.handle = lambda _: Reply()
            assert await asyncio.gather(*burst(transport, service.url + "/", 100)) == [200] * 100
            assert service.accepted <= 3
            assert len(service.received) <= 121

    run(story())


def test_a_service_that_refuses_every_stream_is_given_up(certs: Certificates) -> None:
    async def story() -> None:
        transport = provider(certs)
        async with Service(certs, Faults(refuses=True)) as service, opened(transport):
            with pytest.raises(UnprocessedError, match="refuses streams"):
                await transport.post(service.url + "/", {}, body=b"", within=5.0)
            assert http_provider.SENDINGS <= service.refused < 10 * http_provider.SENDINGS

    run(story())


def test_a_connection_that_answers_nothing_is_replaced(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """TCP is well, the service behind it is not: as with a balancer whose far end is gone."""
    monkeypatch.setattr(http_provider, "DEAF_AFTER", 0.15)

    async def story() -> None:
        transport = provider(certs)
        async with Service(certs) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            service.faults.is_deaf = True
            for _ in range(2):
                with pytest.raises(UnansweredError, match="in time"):
                    await burst(transport, service.url + "/", 1, within=0.1)[0]
            await service.until(lambda: not service.live)
            service.faults.is_deaf = False
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            assert service.accepted == 2

    run(story())


def test_one_attempt_of_a_call_is_enough_to_replace_it() -> None:
    assert 0.9 * PATIENCE[0] >= http_provider.DEAF_AFTER


def test_it_is_replaced_also_when_callers_do_not_wait_for_our_time_out(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_provider, "DEAF_AFTER", 0.15)

    async def story() -> None:
        transport = provider(certs)
        async with Service(certs) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            service.faults.is_deaf = True
            for _ in range(2):
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(transport.post(service.url + "/", {}, body=b"", within=5.0), 0.1)
            await service.until(lambda: not service.live)

    run(story())


def test_a_slow_answer_beside_quick_ones_keeps_the_connection(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http_provider, "DEAF_AFTER", 0.0)

    async def story() -> None:
        transport = provider(certs)
        async with Service(certs) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            service.handle = lambda received: None if received.path == "/slow" else Reply()
            (slow,) = burst(transport, service.url + "/slow", 1, within=0.2)
            await service.until(lambda: bool(service.held))
            assert await asyncio.gather(*burst(transport, service.url + "/", 5)) == [200] * 5
            with pytest.raises(UnansweredError, match="in time"):
                await slow
            assert await asyncio.gather(*burst(transport, service.url + "/", 5)) == [200] * 5
            assert service.accepted == 1

    run(story())


def test_a_request_that_the_service_resets_ends_alone(certs: Certificates) -> None:
    """Nobody has to wait for a first one again: the connection is well."""

    async def story() -> None:
        transport = provider(certs)
        async with Service(certs) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            service.handle = lambda _: None
            pending = burst(transport, service.url + "/", 3)
            await service.until(lambda: len(service.held) == 3)
            service.held[0].reset()
            with pytest.raises(UnansweredError, match="request reset"):
                await pending[0]
            assert transport._warmth.is_warm(asyncio.get_running_loop().time())
            for held in service.held[1:]:
                held.answer(Reply())
            assert await asyncio.gather(*pending[1:]) == [200] * 2
            assert (service.accepted, len(service.received)) == (1, 4)

    run(story())


def test_a_second_connection_is_opened_where_the_first_allows_no_more(certs: Certificates) -> None:
    async def story() -> None:
        transport = provider(certs)
        async with Service(certs, Faults(max_streams=10, is_strict=True)) as service, opened(transport):
            assert await asyncio.gather(*burst(transport, service.url + "/", 1)) == [200]
            assert await asyncio.gather(*burst(transport, service.url + "/", 300)) == [200] * 300

    run(story())
