"""A connection to one environment: who we are on it, and when it is given up for another."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.samples import Clock
from tests.push.service import Received, Reply, Service

from ringwake.model.push import Accepted, Outcome, Refused, Throttled
from ringwake.push.apns.host import REOPEN_AFTER, ApnsRequest, Host
from ringwake.push.errors import UnansweredError
from ringwake.push.provider_jwt import ProviderToken
from ringwake.push.transport.http_provider import ProviderTransport
from ringwake.push.transport.identity import read_identity
from ringwake.secret import Secret

KEY = generate_private_key(SECP256R1())
HEADERS = {"apns-topic": "com.example.phone", "apns-push-type": "alert"}
TOO_MANY = Reply(status=429, body=b'{"reason":"TooManyProviderTokenUpdates"}')


def request(number: int = 0) -> ApnsRequest:
    return ApnsRequest(path=f"/3/device/{number:032x}", headers=HEADERS, body=b"{}")


async def ask(host: Host, number: int = 0, within: float = 10.0) -> Outcome:
    return await host.ask(request(number), asyncio.get_running_loop().time() + within)


@asynccontextmanager
async def host_at(certs: Certificates, *, by_certificate: bool = False) -> AsyncIterator[tuple[Host, Service]]:
    async with Service(certs) as service:
        ca, identity = certs.ca.read_bytes(), None
        token: ProviderToken | None = ProviderToken(team="TEAM123456", key_id="KEY1234567", key=KEY, wall=Clock())
        if by_certificate:
            token, identity = None, read_identity(Secret(certs.client.read_bytes()))
        host = Host(service.url, lambda: ProviderTransport(ca=ca, identity=identity), token, wall=Clock())
        try:
            yield host, service
        finally:
            await host.close()


def test_a_certificate_needs_no_token_and_the_topic_is_sent_all_the_same(certs: Certificates) -> None:
    async def story() -> None:
        async with host_at(certs, by_certificate=True) as (host, service):
            service.faults.asks_who = True
            assert await ask(host) == Accepted("")
            (received,) = service.received
            assert "authorization" not in received.plain
            assert received.header("apns-topic") == "com.example.phone"

    run(story())


@pytest.mark.parametrize("reason", ["ExpiredProviderToken", "BadCertificate", "MissingProviderToken"])
def test_what_a_certificate_is_refused_for_is_not_tried_again(reason: str, certs: Certificates) -> None:
    async def story() -> None:
        async with host_at(certs, by_certificate=True) as (host, service):
            service.handle = lambda _: Reply(status=403, body=b'{"reason":"%s"}' % reason.encode())
            assert await ask(host) == Refused(reason, 403)
            assert len(service.received) == 1

    run(story())


def test_a_connection_that_saw_a_token_too_many_is_left_and_the_token_kept(certs: Certificates) -> None:
    async def story() -> None:
        async with host_at(certs) as (host, service):
            assert await ask(host) == Accepted("")
            service.handle = lambda received: TOO_MANY if received.connection == 1 else Reply()
            assert await ask(host) == Accepted("")
            assert [received.connection for received in service.received] == [1, 1, 2]
            assert len({received.header("authorization") for received in service.received}) == 1

    run(story())


def test_a_hundred_pushes_leave_it_for_one_connection_together(certs: Certificates) -> None:
    async def story() -> None:
        async with host_at(certs) as (host, service):
            assert await ask(host) == Accepted("")
            service.handle = lambda received: TOO_MANY if received.connection == 1 else Reply()
            outcomes = await asyncio.gather(*(ask(host, number, 20.0) for number in range(100)))
            assert set(outcomes) == {Accepted("")}
            assert service.accepted <= 3, "curl may open a second one of its own"

    run(story())


def test_a_push_under_way_ends_on_the_connection_that_is_left(certs: Certificates) -> None:
    def handle(received: Received) -> Reply | None:
        if received.connection > 1:
            return Reply()
        return None if received.path == request(7).path else TOO_MANY

    async def story() -> None:
        async with host_at(certs) as (host, service):
            assert await ask(host) == Accepted("")
            service.handle = handle
            slow = asyncio.create_task(ask(host, 7))
            await service.until(lambda: bool(service.held))
            assert await ask(host, 8) == Accepted("")
            (held,) = service.held
            held.connection.answer(held.stream, Reply())
            assert await slow == Accepted("")
            await service.until(lambda: {line.number for line in service.live} == {2})

    run(story())


def test_connections_are_not_opened_one_after_another(certs: Certificates) -> None:
    """The token itself may be the one too many: Apple takes a row of connections for an attack."""

    async def story() -> None:
        async with host_at(certs) as (host, service):
            service.handle = lambda _: TOO_MANY
            for _ in range(5):
                assert await ask(host) == Throttled("TooManyProviderTokenUpdates")
            assert service.accepted == 2
            assert len({received.header("authorization") for received in service.received}) == 1
            assert REOPEN_AFTER >= 60

    run(story())


def test_all_attempts_have_one_time_together(certs: Certificates) -> None:
    """What a first answer leaves of it is all that the second attempt has."""

    async def story() -> None:
        async with host_at(certs) as (host, service):
            await ask(host)
            service.handle = lambda received: TOO_MANY if received.connection == 1 else None
            began = asyncio.get_running_loop().time()
            with pytest.raises(UnansweredError, match="no answer in time"):
                await ask(host, within=0.5)
            assert asyncio.get_running_loop().time() - began < 0.9

    run(story())


def test_the_key_id_is_always_the_connections_own(certs: Certificates) -> None:
    async def story() -> None:
        async with host_at(certs) as (host, service):
            for _ in range(3):
                await ask(host)
            tokens = [(received.header("authorization") or "").removeprefix("bearer ") for received in service.received]
            assert {jwt.get_unverified_header(token)["kid"] for token in tokens} == {"KEY1234567"}

    run(story())
