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
