"""Apple's two environments: a token that one does not know is tried once in the other, and found again there."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.samples import Clock, apns_push
from tests.push.service import Received, Reply, Service

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.apns import host as apns_host
from ringwake.push.apns.client import Apns
from ringwake.push.apns.host import Host
from ringwake.push.errors import UnansweredError
from ringwake.push.provider_jwt import ProviderToken
from ringwake.push.transport.http_provider import ProviderTransport

KEY = generate_private_key(SECP256R1())
OTHER_TOKEN = "cd" * 32
NOT_DEAD = Refused("BadDeviceToken", 400)


@dataclass(slots=True, kw_only=True)
class Apple:
    """Both environments, and the application's sender."""

    client: Apns
    own: Service
    other: Service

    @property
    def asked(self) -> tuple[int, int]:
        return len(self.own.received), len(self.other.received)


def says(reason: str, status: int = 400, **more: object) -> Callable[[Received], Reply]:
    body = json.dumps({"reason": reason, **more}).encode()
    return lambda _: Reply(status=status, body=body)


UNKNOWN = says("BadDeviceToken")


@asynccontextmanager
async def apple(certs: Certificates, *, has_other: bool = True) -> AsyncIterator[Apple]:
    async with Service(certs) as own, Service(certs) as other:
        token = ProviderToken(team="TEAM123456", key_id="KEY1234567", key=KEY, wall=Clock())
        ca = certs.ca.read_bytes()

        def host(service: Service) -> Host:
            return Host(service.url, lambda: ProviderTransport(ca=ca), token, wall=Clock())

        client = Apns(host(own), host(other) if has_other else None, bundle="com.example.phone", wall=Clock())
        try:
            yield Apple(client=client, own=own, other=other)
        finally:
            await client.close()


def test_a_known_token_is_asked_of_one_environment_only(certs: Certificates) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            assert await it.client.send(apns_push()) == Accepted("")
            assert it.asked == (1, 0)
            assert it.other.accepted == 0, "nothing is opened that is not needed"

    run(story())


def test_a_token_of_the_other_environment_rings_and_is_found_at_once_the_next_time(certs: Certificates) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle = UNKNOWN
            assert await it.client.send(apns_push()) == Accepted("")
            assert it.asked == (1, 1)
            assert await it.client.send(apns_push(id="next")) == Accepted("")
            assert it.asked == (1, 2)

    run(story())


def test_the_second_try_is_the_same_push(certs: Certificates) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle = UNKNOWN
            await it.client.send(apns_push())
            (here,), (there,) = it.own.received, it.other.received
            assert (here.body, here.path, here.plain) == (there.body, there.path, there.plain)

    run(story())


def test_the_other_environment_is_remembered_for_that_token_alone(certs: Certificates) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle = lambda received: UNKNOWN(received) if OTHER_TOKEN in received.path else Reply()
            for value in (OTHER_TOKEN, "ab" * 32, OTHER_TOKEN, "ab" * 32):
                assert await it.client.send(apns_push(value=value)) == Accepted("")
            assert it.asked == (3, 2)

    run(story())


def test_a_token_that_left_the_other_environment_is_found_in_its_own_again(certs: Certificates) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle = UNKNOWN
            await it.client.send(apns_push())
            it.own.handle, it.other.handle = (lambda _: Reply()), UNKNOWN
            assert await it.client.send(apns_push()) == Accepted("")
            assert it.asked == (2, 2)
            assert await it.client.send(apns_push()) == Accepted("")
            assert it.asked == (3, 2)

    run(story())


DEAD: list[tuple[Callable[[Received], Reply], Outcome]] = [
    (UNKNOWN, Unregistered("BadDeviceToken")),
    (says("Unregistered", 410, timestamp=1795480000123), Unregistered("Unregistered", 1795480000.123)),
    (says("ExpiredToken", 410), Unregistered("ExpiredToken")),
    (says("DeviceTokenNotForTopic"), Unregistered("DeviceTokenNotForTopic")),
]


@pytest.mark.parametrize(("there", "outcome"), DEAD)
def test_a_token_that_neither_environment_has_is_dead(
    there: Callable[[Received], Reply], outcome: Outcome, certs: Certificates
) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle, it.other.handle = UNKNOWN, there
            assert await it.client.send(apns_push()) == outcome
            assert it.asked == (1, 1)

    run(story())


@pytest.mark.parametrize(
    ("status", "reason"),
    [
        (403, "BadEnvironmentKeyIdInToken"),
        (403, "BadCertificateEnvironment"),
        (403, "InvalidProviderToken"),
        (429, "TooManyRequests"),
        (500, "InternalServerError"),
        (503, "Shutdown"),
    ],
)
def test_a_token_is_not_dead_while_the_other_environment_does_not_say_so(
    status: int, reason: str, certs: Certificates
) -> None:
    """A key for one environment alone, or a service in trouble, must delete no phone of the other (P7)."""

    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle, it.other.handle = UNKNOWN, says(reason, status)
            assert await it.client.send(apns_push()) == NOT_DEAD
            assert it.asked == (1, 1)
            assert await it.client.send(apns_push()) == NOT_DEAD
            assert it.asked == (2, 1), "it rests: the answer would be the same"

    run(story())


def test_an_environment_that_refuses_one_push_is_tried_with_the_next(certs: Certificates) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle, it.other.handle = UNKNOWN, says("BadTopic")
            for number in (1, 2):
                assert await it.client.send(apns_push()) == NOT_DEAD
                assert it.asked == (number, number)

    run(story())


def test_an_environment_out_of_reach_holds_no_push_up(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apns_host, "TRIAL_SECONDS", 0.2)

    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle = UNKNOWN
            it.other.faults.is_deaf = True
            assert await it.client.send(apns_push(timeout=20.0)) == NOT_DEAD
            monkeypatch.setattr(apns_host, "TRIAL_SECONDS", 20.0)  # from now on it would take too long
            assert await it.client.send(apns_push(timeout=20.0)) == NOT_DEAD
            assert it.other.accepted == 1

    run(story(), limit=10.0)


def test_an_environment_that_rested_is_tried_again(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apns_host, "REST_SECONDS", 0.0)

    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle, it.other.handle = UNKNOWN, says("Shutdown", 503)
            assert await it.client.send(apns_push()) == NOT_DEAD
            it.other.handle = lambda _: Reply()
            assert await it.client.send(apns_push()) == Accepted("")

    run(story())


def test_no_time_left_is_no_word_about_the_token(certs: Certificates) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            with pytest.raises(UnansweredError):
                await it.client.send(apns_push(timeout=0.0))
            assert it.asked == (0, 0)

    run(story())


@pytest.mark.parametrize(
    ("status", "reason", "outcome"),
    [
        (403, "BadEnvironmentKeyIdInToken", Refused("BadEnvironmentKeyIdInToken", 403)),
        (400, "TopicDisallowed", Refused("TopicDisallowed", 400)),
        (400, "DeviceTokenNotForTopic", Unregistered("DeviceTokenNotForTopic")),
        (410, "Unregistered", Unregistered("Unregistered")),
        (429, "TooManyRequests", Throttled("TooManyRequests")),
        (503, "Shutdown", Unreachable("Shutdown")),
    ],
)
def test_no_other_answer_asks_the_other_environment(
    status: int, reason: str, outcome: Outcome, certs: Certificates
) -> None:
    async def story() -> None:
        async with apple(certs) as it:
            it.own.handle = says(reason, status)
            assert await it.client.send(apns_push()) == outcome
            assert it.asked == (1, 0)

    run(story())


def test_without_another_environment_an_unknown_token_is_dead(certs: Certificates) -> None:
    async def story() -> None:
        async with apple(certs, has_other=False) as it:
            it.own.handle = UNKNOWN
            assert await it.client.send(apns_push()) == Unregistered("BadDeviceToken")
            assert it.asked == (1, 0)

    run(story())
