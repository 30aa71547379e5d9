"""The `Pusher`'s lanes: what happens in one application stays there; and how one gets new credentials."""

from __future__ import annotations

import asyncio
import dataclasses

import pytest
from tests.push.certificates import Certificates
from tests.push.house import apns_access, made
from tests.push.loop import run
from tests.push.samples import APNS_APP, FCM_APP, apns_push, fcm_push
from tests.push.service import Service

from ringwake.model.push import Accepted, Kind, Outcome, Push, Throttled, Unreachable
from ringwake.push.errors import CredentialsError, UnansweredError, UnsendableError
from ringwake.push.lanes import Lane
from ringwake.secret import Secret
from ringwake.wake.unsent import LINE_FULL, LINE_SLOW, REPLACED


class Broken:
    """A sender that fails."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    async def send(self, _push: Push, /) -> Outcome:
        raise self.error

    async def close(self) -> None:
        """Nothing is open."""


class Stuck:
    """A sender that answers nothing until it is let."""

    def __init__(self) -> None:
        self.sent: list[Push] = []
        self.may_go = asyncio.Event()
        self.is_closed = False

    async def send(self, push: Push, /) -> Outcome:
        self.sent.append(push)
        await self.may_go.wait()
        return Unreachable("closed by hand") if self.is_closed else Accepted()

    async def close(self) -> None:
        self.is_closed = True


def test_a_slow_service_does_not_slow_another(certs: Certificates) -> None:
    """However many pushes wait for it: more than there are places, and more than the line holds (reliability P11)."""

    async def story() -> None:
        async with Service(certs) as apple, made() as (senders, faults):
            senders.add(APNS_APP, apns_access(apple, certs))
            google_is, lane = Stuck(), Lane(at_once=90, waiting=500)
            senders._senders[FCM_APP] = (google_is, lane)
            slow = [asyncio.create_task(senders.send(fcm_push(value=f"{n:a>20}", timeout=20.0))) for n in range(1000)]
            assert await asyncio.gather(*(senders.send(apns_push(id=str(n))) for n in range(100))) == [Accepted()] * 100
            assert (len(google_is.sent), lane.under_way, lane.waiting) == (90, 90, 500)
            google_is.may_go.set()
            outcomes = await asyncio.gather(*slow)
            assert outcomes.count(Accepted()) == 590
            assert outcomes.count(Throttled(LINE_FULL)) == 410
            assert (lane.under_way, lane.waiting, faults) == (0, 0, [])

    run(story())


def test_who_waits_too_long_does_not_blame_the_service() -> None:
    async def story() -> None:
        async with made() as (senders, _):
            stuck, lane = Stuck(), Lane(at_once=1)
            senders._senders[FCM_APP] = (stuck, lane)
            first = asyncio.create_task(senders.send(fcm_push(value="a" * 20, timeout=20.0)))
            await asyncio.wait([first], timeout=0)
            second = await senders.send(fcm_push(value="b" * 20, timeout=0.05))
            assert second == Throttled(LINE_SLOW)
            stuck.may_go.set()
            assert await first == Accepted()
            assert (lane.under_way, lane.waiting) == (0, 0)

    run(story())


def test_the_call_that_waits_is_replaced_by_its_end() -> None:
    async def story() -> None:
        async with made() as (senders, _):
            stuck = Stuck()
            senders._senders[FCM_APP] = (stuck, Lane(at_once=1))
            other = fcm_push(value="b" * 20)
            pushes = [other, fcm_push(kind=Kind.CALL), fcm_push(kind=Kind.CANCEL)]
            tasks = [asyncio.create_task(senders.send(push)) for push in pushes]
            await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            stuck.may_go.set()
            assert await asyncio.gather(*tasks) == [Accepted(), Throttled(REPLACED), Accepted()]
            assert [push.notice.kind for push in stuck.sent] == [Kind.CALL, Kind.CANCEL]
            assert stuck.sent[0] is other

    run(story())


def test_a_place_is_free_again_whatever_went_wrong() -> None:
    async def story() -> None:
        async with made() as (senders, _):
            lane = Lane(at_once=1)
            for error in (ValueError(), UnansweredError("x"), UnsendableError("x"), asyncio.CancelledError()):
                senders._senders[APNS_APP] = (Broken(error), lane)
                await asyncio.wait([asyncio.create_task(senders.send(apns_push()))])
                assert lane.under_way == 0

    run(story())


def test_new_credentials_take_over_and_what_is_under_way_ends_by_the_old_ones(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as apple, made() as (senders, _):
            old = Stuck()
            senders._senders[APNS_APP] = (old, Lane())
            under_way = asyncio.create_task(senders.send(apns_push()))
            await asyncio.wait([under_way], timeout=0)
            renewal = asyncio.create_task(senders.replace(APNS_APP, apns_access(apple, certs)))
            await asyncio.wait([renewal], timeout=0)
            assert await senders.send(apns_push()) == Accepted()
            assert (len(apple.received), old.is_closed, renewal.done()) == (1, False, False)
            old.may_go.set()
            assert await under_way == Accepted()
            await renewal
            assert old.is_closed

    run(story())


def test_credentials_that_cannot_be_used_leave_the_old_ones(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as apple, made() as (senders, _):
            await senders.replace(APNS_APP, apns_access(apple, certs))
            broken = dataclasses.replace(apns_access(apple, certs), key=Secret(b"half a file"))
            with pytest.raises(CredentialsError, match="apns:TEAM"):
                await senders.replace(APNS_APP, broken)
            assert await senders.send(apns_push()) == Accepted()

    run(story())
