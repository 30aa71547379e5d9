"""The `Pusher`: the right service for each application, an outcome for each push, and no exception ever."""

from __future__ import annotations

import asyncio
import gc
import os
from typing import Any

import pytest
from tests.push.certificates import Certificates
from tests.push.fcm.google import account, google
from tests.push.house import KEY, SUBJECT, apns_access, made
from tests.push.loop import run
from tests.push.samples import (
    APNS_APP,
    APNS_TOKEN,
    FCM_APP,
    FCM_TOKEN,
    WEBPUSH_APP,
    apns_push,
    fcm_push,
    webpush_push,
)
from tests.push.service import Faults, Reply, Service

from ringwake.model.ports import Pusher
from ringwake.model.push import Accepted, Outcome, Push, Refused, Unreachable
from ringwake.push.access import FcmAccess, WebPushAccess
from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.lanes import Lane
from ringwake.wake.breaker import FAILURES, Circuits, State


class Broken:
    """A sender with a fault of ours."""

    def __init__(self, error: Exception) -> None:
        self.error = error

    async def send(self, _push: Push, /) -> Outcome:
        raise self.error

    async def close(self) -> None:
        raise self.error


def test_each_push_goes_to_its_applications_service(certs: Certificates) -> None:
    async def story() -> None:
        async with (
            google(certs) as cloud,
            Service(certs) as apple,
            Service(certs) as browser,
            made() as (senders, faults),
        ):
            senders.add(APNS_APP, apns_access(apple, certs))
            server = cloud.server
            senders.add(FCM_APP, FcmAccess(service_account=account(server.url), endpoint=server.url, ca_file=certs.ca))
            senders.add(
                WEBPUSH_APP, WebPushAccess(vapid_key=KEY, subject=SUBJECT, allow_private=True, ca_file=certs.ca)
            )
            pusher: Pusher = senders
            assert await pusher.send(apns_push()) == Accepted()
            assert await pusher.send(fcm_push()) == Accepted("projects/demo-project/messages/0:1")
            assert await pusher.send(webpush_push(f"{browser.url}/x")) == Accepted()
            assert [len(it) for it in (apple.received, cloud.messages, browser.received)] == [1, 1, 1]
            assert apple.received[0].header("apns-topic") == "com.example.phone.voip"
            assert not faults

    run(story())


def test_an_unknown_application_is_a_refusal() -> None:
    async def story() -> None:
        async with made() as (senders, _):
            assert await senders.send(apns_push()) == Refused("unknown application", 403)

    run(story())


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (UnansweredError("no answer in time"), Unreachable("no answer in time")),
        (UnsendableError("bad apns-topic"), Refused("bad apns-topic", 400)),
        (UnsendableError("payload too large", status=413), Refused("payload too large", 413)),
    ],
)
def test_what_could_not_be_sent_has_its_outcome(error: Exception, outcome: Outcome) -> None:
    async def story() -> None:
        async with made() as (senders, faults):
            senders._senders[APNS_APP] = (Broken(error), Lane())
            assert await senders.send(apns_push()) == outcome
            assert not faults

    run(story())


def test_a_push_that_must_not_leave_closes_no_circuit() -> None:
    """A phone whose token is none would else bring all others' pushes to a service that is down."""

    async def story() -> None:
        async with made() as (senders, _):
            circuits, push = Circuits(), apns_push()
            for _ in range(FAILURES):
                circuits.heard(push, Unreachable("connection refused"), 0.0)
            senders._senders[APNS_APP] = (Broken(UnsendableError("bad device token")), Lane())
            assert circuits.heard(push, await senders.send(push), 0.1) is None
            assert [state for _, state in circuits.states(0.1)] == [State.OPEN]

    run(story())


def test_a_fault_of_ours_is_reported_without_the_token() -> None:
    async def story() -> None:
        async with made() as (senders, faults):
            senders._senders[APNS_APP] = (Broken(ValueError(f"cannot read {APNS_TOKEN}")), Lane())
            assert await senders.send(apns_push()) == Unreachable("fault: ValueError")
            (text,) = faults
            assert text.startswith("push by apns: ValueError at test_senders.py:")
            assert APNS_TOKEN not in text

    run(story())


def test_an_attempt_takes_no_longer_than_it_may(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs, Faults(is_deaf=True)) as apple, made() as (senders, _):
            senders.add(APNS_APP, apns_access(apple, certs))
            async with asyncio.timeout(5):
                assert await senders.send(apns_push(timeout=0.2)) == Unreachable("no answer in time")

    run(story())


def test_a_slow_sender_is_cut_off() -> None:
    class Slow(Broken):
        async def send(self, _push: Push, /) -> Outcome:
            await asyncio.get_running_loop().create_future()
            raise self.error

        async def close(self) -> None:
            pass

    async def story() -> None:
        async with made() as (senders, _):
            senders._senders[APNS_APP] = (Slow(ValueError()), Lane())
            assert await senders.send(apns_push(timeout=0.05)) == Unreachable("no answer in time")

    run(story())


def test_a_provider_that_is_down_is_known_at_once(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as apple:
            access = apns_access(apple, certs)
        async with made() as (senders, _), asyncio.timeout(5):
            senders.add(APNS_APP, access)
            outcome = await senders.send(apns_push(timeout=20.0))
            assert isinstance(outcome, Unreachable)
            assert "refused" in outcome.reason

    run(story())


def test_after_closing_nothing_is_sent(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as apple, made() as (senders, faults):
            senders.add(APNS_APP, apns_access(apple, certs))
            await senders.send(apns_push())
            await senders.close()
            assert await senders.send(apns_push()) == Unreachable("closed")
            await senders.close()
            await apple.until(lambda: not apple.live)
            assert not faults

    run(story())


def test_closing_goes_on_past_a_fault() -> None:
    async def story() -> None:
        async with made() as (senders, faults):
            senders._senders[APNS_APP] = (Broken(OSError()), Lane())
            senders._senders[FCM_APP] = (Broken(ValueError()), Lane())
            await senders.close()
            assert len(faults) == 2

    run(story())


def test_nothing_is_left_open(certs: Certificates) -> None:
    async def story() -> None:
        async with google(certs) as cloud, Service(certs) as other, made() as (senders, _):
            url = cloud.server.url
            senders.add(APNS_APP, apns_access(other, certs))
            senders.add(FCM_APP, FcmAccess(service_account=account(url), endpoint=url, ca_file=certs.ca))
            senders.add(
                WEBPUSH_APP, WebPushAccess(vapid_key=KEY, subject=SUBJECT, allow_private=True, ca_file=certs.ca)
            )
            pushes = [apns_push(), fcm_push(), webpush_push(f"{other.url}/x")]
            for outcome in await asyncio.gather(*(senders.send(push) for push in pushes)):
                assert isinstance(outcome, Accepted)
            await senders.close()
            await other.until(lambda: not other.live)
            await cloud.server.until(lambda: not cloud.server.live)

    counts = []
    for _ in range(4):
        run(story())
        gc.collect()
        counts.append(len(os.listdir("/proc/self/fd")))  # noqa: PTH208
    assert counts[3] <= counts[1]


def test_a_token_stands_in_no_outcome(certs: Certificates) -> None:
    """Whatever goes wrong on the way to the service (reliability S12, S27)."""
    outcomes: list[Any] = []

    async def story() -> None:
        async with google(certs) as cloud, Service(certs) as apple, made() as (senders, faults):
            url = cloud.server.url
            senders.add(APNS_APP, apns_access(apple, certs))
            senders.add(FCM_APP, FcmAccess(service_account=account(url), endpoint=url, ca_file=certs.ca))
            apple.handle = lambda received: Reply(status=400, body=received.path.encode())
            cloud.message_reply = lambda received: Reply(status=400, body=received.body)
            odd = (apns_push(value="zz" + APNS_TOKEN), fcm_push(value=FCM_TOKEN + "\udc80"))
            outcomes.extend([await senders.send(push) for push in (apns_push(), fcm_push(), *odd)])
            await senders.close()
            outcomes.extend(faults)

    run(story())
    assert len(outcomes) >= 4
    assert not any(token in repr(outcomes) for token in (APNS_TOKEN, FCM_TOKEN))
