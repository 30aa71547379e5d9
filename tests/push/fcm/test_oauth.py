"""Google's access token: one for many, renewed ahead, and nobody waits without need."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from tests.push.certificates import Certificates
from tests.push.fcm.google import Google, account, google
from tests.push.loop import run
from tests.push.samples import Clock, RealClock, key_pem
from tests.push.service import Reply

from ringwake.push.errors import CredentialsError, UnansweredError
from ringwake.push.fcm.oauth import AccessToken
from ringwake.push.renewed_token import OAuthRefusedError


@asynccontextmanager
async def lab(certs: Certificates) -> AsyncIterator[tuple[AccessToken, Google, RealClock]]:
    clock = RealClock()
    async with google(certs) as service:
        token = AccessToken(account(service.server.url), ca=certs.ca.read_bytes(), wall=clock)
        try:
            yield token, service, clock
        finally:
            await token.close()


def test_a_token_is_fetched_once_and_kept(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            assert await token.current() == "ya29.1"
            clock.now += 3599 - 300 - 5
            assert await token.current() == "ya29.1"
            assert service.grants == 1

    run(story())


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_google_in_trouble_is_asked_once_a_second(status: int, certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            service.token_reply = lambda _: Reply(status=status)
            for _ in range(5):
                with pytest.raises(UnansweredError, match="OAuth"):
                    await token.current()
            assert len(service.server.received) == 1
            service.token_reply = None
            clock.now += 1.0
            assert await token.current() == "ya29.1"

    run(story())


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{}",
        b"<html>sign in</html>",
        b"[" * 8000,
        b'{"access_token":"\xff"}',
        b'{"access_token":"a\\r\\nx: y"}',
        b'{"access_token":"a","expires_in":1e999}',
    ],
)
def test_a_grant_that_is_none_is_no_answer_and_soon_asked_for_again(body: bytes, certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            service.token_reply = lambda _: Reply(status=200, body=body)
            for _ in range(3):
                with pytest.raises(UnansweredError, match="OAuth: no answer"):
                    await token.current()
            assert len(service.server.received) == 1
            service.token_reply = None
            clock.now += 1.0
            assert await token.current() == "ya29.1"

    run(story())


@pytest.mark.parametrize(
    "reply",
    [
        Reply(status=400, body=b'{"error":"invalid_grant","error_description":"Invalid JWT Signature."}'),
        Reply(status=401, body=b'{"error":"invalid_client"}'),
        Reply(status=403, body=b"<html>no</html>"),
        Reply(status=400, body=b"[" * 8000),
        Reply(status=400, body=b'{"error":"\xff"}'),
    ],
)
def test_a_refused_account_is_a_matter_of_its_own(reply: Reply, certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            service.token_reply = lambda _: reply
            for _ in range(3):
                with pytest.raises(OAuthRefusedError, match="OAuth") as caught:
                    await token.current()
                assert "Invalid" not in str(caught.value)
                clock.now += 20.0 - 1.0
            assert len(service.server.received) == 1, "it is left alone for a minute"
            service.token_reply = None
            clock.now += 3.0
            assert await token.current() == "ya29.1"

    run(story())


def test_after_a_failure_a_clock_that_is_set_back_holds_nothing_up(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            service.token_reply = lambda _: Reply(status=503)
            with pytest.raises(UnansweredError):
                await token.current()
            service.token_reply = None
            clock.now -= 7200
            assert await token.current() == "ya29.1"

    run(story())


def test_a_failure_ahead_does_not_hold_up_those_who_then_have_no_token(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            await token.current()
            clock.now += 3599 - 10
            service.token_reply = lambda _: Reply(status=503)
            await token.current()
            assert token._renewal is not None
            await asyncio.wait([token._renewal])
            service.token_reply = None
            clock.now += 15
            assert await token.current() == "ya29.2"

    run(story())


def test_a_token_without_a_named_end_lasts_the_usual_hour(certs: Certificates) -> None:
    async def story() -> None:
        async with lab(certs) as (token, service, clock):
            service.token_reply = lambda _: Reply(body=b'{"access_token":"ya29.x"}')
            assert await token.current() == "ya29.x"
            clock.now += 3599 - 300 - 5
            assert await token.current() == "ya29.x"
            assert len(service.server.received) == 1

    run(story())


def test_an_unreachable_google_is_known_at_once(certs: Certificates) -> None:
    async def story() -> None:
        async with google(certs) as service:
            url = service.server.url
        token = AccessToken(account(url), ca=certs.ca.read_bytes(), wall=RealClock())
        async with asyncio.timeout(3):
            with pytest.raises(UnansweredError, match="OAuth: no answer"):
                await token.current()
        await token.close()

    run(story())


@pytest.mark.parametrize(
    "changes",
    [
        {"private_key": "no key"},
        {"private_key": None},
        {"private_key": key_pem().reveal().decode()},  # of a curve, not RSA
        {"client_email": None},
        {"token_uri": None},
        {"token_uri": "http://oauth2.googleapis.com/token"},
    ],
)
def test_an_account_that_lacks_something_is_refused_at_once(changes: dict[str, str | None]) -> None:
    info = account("https://localhost:1") | changes
    whole = {name: value for name, value in info.items() if value is not None}
    with pytest.raises(CredentialsError):
        AccessToken(whole, ca=None, wall=Clock())


def test_googles_requests_transport_is_not_needed() -> None:
    assert "google.auth.transport.requests" not in sys.modules
    assert "requests" not in sys.modules
