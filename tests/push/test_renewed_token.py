"""Access tokens, whoever grants them: one for many, renewed ahead, and nobody waits without need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from typing import TypeAlias

import pytest
from tests.push.certificates import Certificates
from tests.push.fcm.google import Google, account, google
from tests.push.hms.huawei import APP, SECRET, Huawei, huawei
from tests.push.loop import run
from tests.push.samples import Clock, RealClock
from tests.push.service import Reply

from ringwake.push.errors import UnansweredError
from ringwake.push.fcm.oauth import AccessToken as GoogleToken
from ringwake.push.hms.oauth import AccessToken as HuaweiToken
from ringwake.push.renewed_token import RETRY_AFTER, RenewedToken
from ringwake.push.transport.http_provider import ProviderTransport
from ringwake.secret import Secret


@dataclass(frozen=True, slots=True)
class Bench:
    """A token, and the service that grants it."""

    token: RenewedToken
    service: Google | Huawei
    clock: Clock
    granted: Callable[[int], str]
    """The text of the first token, the second ..."""
    seconds: float
    """For which one is good."""

    async def renewed(self) -> None:
        """Wait for the renewal that is under way."""
        assert self.token._renewal is not None
        await asyncio.wait([self.token._renewal])


Opened: TypeAlias = Callable[[Certificates], AbstractAsyncContextManager[Bench]]


@asynccontextmanager
async def of_google(certs: Certificates) -> AsyncIterator[Bench]:
    clock = RealClock()
    async with google(certs) as service:
        token = GoogleToken(account(service.server.url), ca=certs.ca.read_bytes(), wall=clock)
        try:
            yield Bench(token, service, clock, "ya29.{}".format, 3599)
        finally:
            await token.close()


@asynccontextmanager
async def of_huawei(certs: Certificates) -> AsyncIterator[Bench]:
    clock = Clock()
    async with huawei(certs) as service:
        transport = ProviderTransport(ca=certs.ca.read_bytes())
        token = HuaweiToken(transport, url=service.token_url, app=APP, secret=Secret(SECRET), wall=clock)
        try:
            yield Bench(token, service, clock, "CF3+/{}==".format, 3600)
        finally:
            await token.close()


EACH = pytest.mark.parametrize("opened", [of_google, of_huawei], ids=["google", "huawei"])


@EACH
def test_a_thousand_concurrent_pushes_fetch_one(opened: Opened, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(certs) as bench:
            assert set(await asyncio.gather(*(bench.token.current() for _ in range(1000)))) == {bench.granted(1)}
            assert bench.service.grants == 1

    run(story())


@EACH
def test_it_is_renewed_ahead_and_nobody_waits(opened: Opened, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(certs) as bench:
            token, service = bench.token, bench.service
            await token.current()
            bench.clock.now += bench.seconds - 200
            service.token_reply = lambda _: None
            assert await token.current() == bench.granted(1)
            await service.server.until(lambda: bool(service.server.held))
            assert await token.current() == bench.granted(1)
            held = service.server.held[0]
            held.answer(service.grant(held.received))
            await bench.renewed()
            assert await token.current() == bench.granted(2)
            assert len(service.server.held) == 1

    run(story())


@EACH
def test_a_renewal_ahead_that_fails_is_tried_again_after_a_minute(opened: Opened, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(certs) as bench:
            token, service = bench.token, bench.service
            await token.current()
            bench.clock.now += bench.seconds - 200
            service.token_reply = lambda _: Reply(status=503)
            await token.current()
            await bench.renewed()
            for _ in range(3):
                assert await token.current() == bench.granted(1)
            assert len(service.server.received) == 2
            bench.clock.now += 61
            service.token_reply = service.grant
            await token.current()
            await bench.renewed()
            assert await token.current() == bench.granted(2)
            assert len(service.server.received) == 3

    run(story())


@EACH
def test_a_token_that_has_run_out_is_waited_for(opened: Opened, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(certs) as bench:
            await bench.token.current()
            bench.clock.now += 3600
            assert await bench.token.current() == bench.granted(2)

    run(story())


@EACH
def test_a_token_that_was_refused_is_replaced_once_for_all(opened: Opened, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(certs) as bench:
            token, second = bench.token, bench.granted(2)
            refused = await token.current()
            assert await asyncio.gather(*(token.replace(refused) for _ in range(100))) == [second] * 100
            assert await token.replace(refused) == second
            assert await token.replace("older still") == second
            assert bench.service.grants == 2

    run(story())


@EACH
def test_a_service_that_takes_no_token_is_not_brought_a_new_one_by_each_push(
    opened: Opened, certs: Certificates
) -> None:
    async def story() -> None:
        async with opened(certs) as bench:
            token, second = bench.token, bench.granted(2)
            assert await token.replace(await token.current()) == second
            assert [await token.replace(second) for _ in range(5)] == [None] * 5
            assert (await token.current(), bench.service.grants) == (second, 2)
            bench.clock.now += RETRY_AFTER
            assert await token.replace(second) == bench.granted(3)

    run(story())


@EACH
def test_a_caller_that_is_cancelled_does_not_take_the_others_along(opened: Opened, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(certs) as bench:
            service = bench.service
            service.token_reply = lambda _: None
            first, second = (asyncio.create_task(bench.token.current()) for _ in range(2))
            await service.server.until(lambda: bool(service.server.held))
            first.cancel()
            await asyncio.wait([first])
            held = service.server.held[0]
            held.answer(service.grant(held.received))
            assert await second == bench.granted(1)
            assert service.grants == 1

    run(story())


@EACH
def test_closing_ends_a_renewal_under_way(opened: Opened, certs: Certificates) -> None:
    async def story() -> None:
        async with opened(certs) as bench:
            service = bench.service
            service.token_reply = lambda _: None
            waiting = asyncio.create_task(bench.token.current())
            await service.server.until(lambda: bool(service.server.held))
            async with asyncio.timeout(3):
                await bench.token.close()
            with pytest.raises(UnansweredError):
                await waiting
            with pytest.raises(UnansweredError, match="closed"):
                await bench.token.current()

    run(story())
