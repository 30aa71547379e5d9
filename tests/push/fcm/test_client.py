"""What FCM sees, on a real HTTP/2 connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.push.certificates import Certificates
from tests.push.fcm.google import Google, account, google
from tests.push.loop import run
from tests.push.samples import FCM_TOKEN, NOW, Clock, fcm_push
from tests.push.service import Reply

from ringwake.model.push import Accepted, Alert, Refused, Unregistered
from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.fcm.client import Fcm
from ringwake.push.fcm.oauth import AccessToken
from ringwake.push.transport.http_provider import ProviderTransport

UNAUTHENTICATED = Reply(status=401, body=b'{"error":{"code":401,"status":"UNAUTHENTICATED"}}')
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


@asynccontextmanager
async def fcm(certs: Certificates) -> AsyncIterator[tuple[Fcm, Google]]:
    async with google(certs) as service:
        ca, url = certs.ca.read_bytes(), service.server.url
        # The clock stands still before the token's end, which google-auth takes from the real one.
        token = AccessToken(account(url), ca=ca, wall=Clock(0.0))
        client = Fcm(ProviderTransport(ca=ca), token, project="demo-project", endpoint=url, wall=Clock())
        try:
            yield client, service
        finally:
            await client.close()


def test_a_push_is_one_message_to_the_project(certs: Certificates) -> None:
    async def story() -> None:
        async with fcm(certs) as (client, service):
            assert await client.send(fcm_push()) == Accepted("projects/demo-project/messages/0:1")
            (received,) = service.messages
            assert received.path == "/v1/projects/demo-project/messages:send"
            assert received.header("authorization") == "bearer ya29.1"
            assert received.header("content-type") == "application/json"
            assert json.loads(received.body)["message"]["token"] == FCM_TOKEN

    run(story())


def test_many_pushes_share_a_token_and_a_connection(certs: Certificates) -> None:
    async def story() -> None:
        async with fcm(certs) as (client, service):
            outcomes = await asyncio.gather(*(client.send(fcm_push(id=str(number))) for number in range(300)))
            assert {type(outcome) for outcome in outcomes} == {Accepted}
            assert service.grants == 1
            assert {received.connection for received in service.messages} == {service.messages[0].connection}

    run(story())


def test_a_dead_token_is_reported(certs: Certificates) -> None:
    body = b'{"error":{"code":404,"status":"NOT_FOUND","details":[{"@type":"x","errorCode":"UNREGISTERED"}]}}'

    async def story() -> None:
        async with fcm(certs) as (client, service):
            service.message_reply = lambda _: Reply(status=404, body=body)
            assert await client.send(fcm_push()) == Unregistered("UNREGISTERED")

    run(story())


def test_an_access_token_that_is_not_taken_is_replaced_once(certs: Certificates) -> None:
    async def story() -> None:
        async with fcm(certs) as (client, service):
            service.message_reply = lambda received: (
                UNAUTHENTICATED if received.header("authorization") == "bearer ya29.1" else Reply(body=b'{"name":"n"}')
            )
            outcomes = await asyncio.gather(*(client.send(fcm_push(id=str(number))) for number in range(100)))
            assert set(outcomes) == {Accepted("n")}
            assert service.grants == 2

    run(story())


@pytest.mark.parametrize(
    ("reply", "reason"), [(UNAUTHENTICATED, "UNAUTHENTICATED"), (Reply(status=401, body=b"<html>"), "HTTP 401")]
)
def test_after_one_replacement_it_is_refused(reply: Reply, reason: str, certs: Certificates) -> None:
    async def story() -> None:
        async with fcm(certs) as (client, service):
            service.message_reply = lambda _: reply
            assert await client.send(fcm_push()) == Refused(reason, 401)
            assert len(service.messages) == 2

    run(story())


def test_the_same_access_token_again_is_not_tried_again(certs: Certificates) -> None:
    async def story() -> None:
        async with fcm(certs) as (client, service):
            service.token_reply = lambda _: Reply(body=b'{"access_token":"ya29.same","expires_in":3599}')
            service.message_reply = lambda _: UNAUTHENTICATED
            assert await client.send(fcm_push()) == Refused("UNAUTHENTICATED", 401)
            assert len(service.messages) == 1

    run(story())


def test_a_missing_key_in_the_project_replaces_nothing(certs: Certificates) -> None:
    body = b'{"error":{"status":"UNAUTHENTICATED","details":[{"errorCode":"THIRD_PARTY_AUTH_ERROR"}]}}'

    async def story() -> None:
        async with fcm(certs) as (client, service):
            service.message_reply = lambda _: Reply(status=401, body=body)
            assert await client.send(fcm_push()) == Refused("THIRD_PARTY_AUTH_ERROR", 401)
            assert service.grants == 1

    run(story())


def test_a_refused_account_is_a_refusal(certs: Certificates) -> None:
    async def story() -> None:
        async with fcm(certs) as (client, service):
            service.token_reply = lambda _: Reply(status=400, body=b'{"error":"invalid_grant"}')
            assert await client.send(fcm_push()) == Refused("OAuth: the service account is refused", 401)
            assert not service.messages

    run(story())


def test_without_an_access_token_nothing_is_sent(certs: Certificates) -> None:
    async def story() -> None:
        async with fcm(certs) as (client, service):
            service.token_reply = lambda _: Reply(status=503)
            with pytest.raises(UnansweredError, match="OAuth"):
                await client.send(fcm_push())
            assert not service.messages

    run(story())


@pytest.mark.parametrize("access_token", ["a\\r\\nx: y", "a b", ""])
def test_an_access_token_that_is_none_is_never_sent(access_token: str, certs: Certificates) -> None:
    body = f'{{"access_token":"{access_token}","expires_in":3599}}'.encode()

    async def story() -> None:
        async with fcm(certs) as (client, service):
            service.token_reply = lambda _: Reply(body=body)
            with pytest.raises(UnansweredError, match="OAuth"):
                await client.send(fcm_push())
            assert not service.messages

    run(story())


@pytest.mark.parametrize("value", ["", "abcdefgh\udc80", 'abcdefgh"}', "abcdefgh\r\n"])
def test_a_token_that_is_none_is_never_sent(value: str, certs: Certificates) -> None:
    async def story() -> None:
        async with fcm(certs) as (client, service):
            with pytest.raises(UnsendableError, match="registration token"):
                await client.send(fcm_push(value=value))
            assert not service.server.received

    run(story())


@pytest.mark.parametrize("project", ["", "a/b", "..", "a b", "a\r\nb"])
def test_a_project_that_is_none_is_refused_at_once(project: str, certs: Certificates) -> None:
    token = AccessToken(account("https://localhost:1"), ca=certs.ca.read_bytes(), wall=Clock())
    with pytest.raises(UnsendableError, match="bad project"):
        Fcm(ProviderTransport(ca=certs.ca.read_bytes()), token, project=project, endpoint="https://x", wall=Clock())


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, min_size=15, max_size=15))
def test_no_text_gets_out_of_its_place(texts: list[str], certs: Certificates) -> None:
    """Whatever a caller or an owner has written, FCM sees exactly the headers intended (reliability S12)."""
    names = {"authorization", "content-type", "content-length", "user-agent"}

    async def story() -> None:
        async with fcm(certs) as (client, service):
            for text in texts:
                alert = Alert(title=text, body=text, sound=text, category=text)
                everywhere = dict.fromkeys(("id", "account", "call_id", "from_uri", "from_name", "uuid"), text)
                assert isinstance(await client.send(fcm_push(**everywhere, alert=alert)), Accepted)
            assert len(service.messages) == len(texts)
            for received in service.messages:
                assert received.plain.keys() == names
                assert received.path == "/v1/projects/demo-project/messages:send"
                data = json.loads(received.body)["message"]["data"]
                assert json.loads(data["ringwake"])["expires"] == int(NOW) + 18

    run(story())
