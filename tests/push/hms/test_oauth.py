"""Huawei's access token: one for many, renewed ahead, and nobody waits without need."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.push.certificates import Certificates
from tests.push.hms.huawei import APP, SECRET, Huawei, huawei
from tests.push.loop import run
from tests.push.samples import Clock
from tests.push.service import Reply

from ringwake.push.errors import UnansweredError
from ringwake.push.hms.oauth import AccessToken
from ringwake.push.renewed_token import RETRY_AFTER, OAuthRefusedError
from ringwake.push.transport.http_provider import ProviderTransport
from ringwake.secret import Secret

FIRST, SECOND = "CF3+/1==", "CF3+/2=="


@asynccontextmanager
async def lab(certs: Certificates) -> AsyncIterator[tuple[AccessToken, Huawei, Clock]]:
    clock = Clock()
    async with huawei(certs) as service:
        transport = ProviderTransport(ca=certs.ca.read_bytes())
        token = AccessToken(transport, url=service.token_url, app=APP, secret=Secret(SECRET), wall=clock)
        try:
            yield token, service, clock
        finally:
            await token.close()


def test_app_id_and_secret_are_worth_a_token_for_its_hour(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            assert await token.current() == FIRST
            clock.now += 3600 - 300 - 5
            assert await token.current() == FIRST
            (form,) = service.forms
            assert form == {"grant_type": ["client_credentials"], "client_id": [APP], "client_secret": [SECRET]}
            assert service.server.received[0].header("content-type") == "application/x-www-form-urlencoded"

    run(story())


def test_a_thousand_concurrent_pushes_fetch_one(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, _):
            assert set(await asyncio.gather(*(token.current() for _ in range(1000)))) == {FIRST}
            assert service.grants == 1

    run(story())


def test_it_is_renewed_ahead_and_nobody_waits(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            await token.current()
            clock.now += 3600 - 200
            service.token_reply = lambda _: None
            assert await token.current() == FIRST
            await service.server.until(lambda: bool(service.server.held))
            assert await token.current() == FIRST
            held = service.server.held[0]
            held.answer(service.grant(held.received))
            assert token._renewal is not None
            await asyncio.wait([token._renewal])
            assert await token.current() == SECOND
            assert len(service.server.held) == 1

    run(story())


def test_a_renewal_ahead_that_fails_is_tried_again_after_a_minute(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            await token.current()
            clock.now += 3600 - 200
            service.token_reply = lambda _: Reply(status=503)
            await token.current()
            assert token._renewal is not None
            await asyncio.wait([token._renewal])
            for _ in range(3):
                assert await token.current() == FIRST
            assert len(service.forms) == 2
            clock.now += 61
            service.token_reply = service.grant
            await token.current()
            assert token._renewal is not None
            await asyncio.wait([token._renewal])
            assert await token.current() == SECOND

    run(story())


def test_a_token_that_push_kit_refused_is_replaced_once(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, _):
            refused = await token.current()
            assert await asyncio.gather(*(token.replace(refused) for _ in range(50))) == [SECOND] * 50
            assert await token.replace("older still") == SECOND
            assert service.grants == 2

    run(story())


def test_a_push_kit_that_takes_no_token_is_not_brought_a_new_one_by_each_push(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            assert await token.replace(await token.current()) == SECOND
            assert [await token.replace(SECOND) for _ in range(5)] == [None] * 5
            assert (await token.current(), service.grants) == (SECOND, 2)
            clock.now += RETRY_AFTER
            assert await token.replace(SECOND) == "CF3+/3=="

    run(story())


def test_a_grant_that_is_the_old_one_again_is_not_fetched_for_each_push(certs: Certificates) -> None:
    """A token service may hand its token out, until its end, to all who ask."""

    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            await token.current()
            clock.now += 3600 - 200
            service.token_reply = lambda _: Reply(body=b'{"access_token":"CF3+/1==","expires_in":200}')
            for _ in range(5):
                assert await token.current() == FIRST
                if token._renewal is not None:
                    await asyncio.wait([token._renewal])
            assert len(service.forms) == 2
            clock.now += RETRY_AFTER
            await token.current()
            assert token._renewal is not None

    run(story())


def test_a_caller_who_gives_up_leaves_the_renewal_to_the_others(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, _):
            service.token_reply = lambda _: None
            first, second = (asyncio.create_task(token.current()) for _ in range(2))
            await service.server.until(lambda: bool(service.server.held))
            first.cancel()
            await asyncio.wait([first])
            held = service.server.held[0]
            held.answer(service.grant(held.received))
            assert await second == FIRST

    run(story())


@pytest.mark.parametrize("status", [408, 429, 500, 503])
def test_a_token_service_in_trouble_is_left_alone_for_a_second(status: int, certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            service.token_reply = lambda _: Reply(status=status)
            for _ in range(3):
                with pytest.raises(UnansweredError, match="OAuth: no answer"):
                    await token.current()
            assert len(service.forms) == 1
            clock.now += 1
            service.token_reply = service.grant
            assert await token.current() == FIRST

    run(story())


@pytest.mark.parametrize("status", [302, 400, 401, 403])
def test_a_secret_that_is_refused_is_not_tried_again_for_a_minute(status: int, certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            service.token_reply = lambda _: Reply(status=status, body=b'{"error":1101,"sub_error":20001}')
            for _ in range(3):
                with pytest.raises(OAuthRefusedError, match="the app secret is refused") as caught:
                    await token.current()
                assert SECRET not in str(caught.value)
                clock.now += 19
            assert len(service.forms) == 1
            clock.now += 4
            service.token_reply = service.grant
            assert await token.current() == FIRST

    run(story())


@pytest.mark.parametrize("body", [b"", b"null", b"<html>", b'{"access_token":1}', b"\xff", b"[" * 8000])
def test_an_answer_that_is_none_is_no_token(body: bytes, certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, _):
            service.token_reply = lambda _: Reply(body=body)
            with pytest.raises(UnansweredError, match="OAuth: an answer that is none"):
                await token.current()

    run(story())


def test_no_answer_at_all_is_said_to_be_the_token_services(certs: Certificates) -> None:
    async def story() -> None:
        transport = ProviderTransport(ca=certs.ca.read_bytes())
        token = AccessToken(transport, url="https://127.0.0.1:1/token", app=APP, secret=Secret(SECRET), wall=Clock())
        with pytest.raises(UnansweredError, match="OAuth: no answer"):
            await token.current()
        await token.close()

    run(story())


def test_closing_ends_a_renewal(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, _):
            service.token_reply = lambda _: None
            waiting = asyncio.create_task(token.current())
            await service.server.until(lambda: bool(service.server.held))
            await token.close()
            await asyncio.wait([waiting])
            assert waiting.cancelled() or isinstance(waiting.exception(), UnansweredError)

    run(story())
