"""What Push Kit sees, on a real HTTP/2 connection."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.push.certificates import Certificates
from tests.push.hms.huawei import APP, SECRET, Huawei, answer, huawei
from tests.push.loop import run
from tests.push.samples import HMS_TOKEN, Clock, hms_push
from tests.push.service import Reply

from ringwake.model.push import Accepted, Alert, Refused, Unregistered
from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.hms.client import Hms, send_url
from ringwake.push.hms.oauth import AccessToken
from ringwake.push.transport.http_provider import ProviderTransport
from ringwake.secret import Secret

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


@asynccontextmanager
async def hms(certs: Certificates, *, project: str = "") -> AsyncIterator[tuple[Hms, Huawei]]:
    async with huawei(certs) as service:
        ca, clock = certs.ca.read_bytes(), Clock()
        token = AccessToken(ProviderTransport(ca=ca), url=service.token_url, app=APP, secret=Secret(SECRET), wall=clock)
        url = send_url(service.server.url, app=APP, project=project)
        client = Hms(ProviderTransport(ca=ca), token, url=url, wall=clock)
        try:
            yield client, service
        finally:
            await client.close()


@pytest.mark.parametrize(
    ("project", "path"),
    [("", f"/v1/{APP}/messages:send"), ("736430079244000001", "/v2/736430079244000001/messages:send")],
)
def test_a_push_is_one_message_to_the_app_or_its_project(project: str, path: str, certs: Certificates) -> None:
    async def story() -> None:
        async with hms(certs, project=project) as (client, service):
            assert await client.send(hms_push()) == Accepted("1570")
            (received,) = service.messages
            assert received.path == path
            assert received.plain.items() >= {
                ("authorization", "Bearer CF3+/1=="),
                ("content-type", "application/json"),
            }
            assert json.loads(received.body)["message"]["token"] == [HMS_TOKEN]

    run(story())


def test_many_pushes_share_a_token_and_a_connection(certs: Certificates) -> None:
    async def story() -> None:
        async with hms(certs) as (client, service):
            outcomes = await asyncio.gather(*(client.send(hms_push(id=str(number))) for number in range(300)))
            assert {type(outcome) for outcome in outcomes} == {Accepted}
            assert service.grants == 1
            assert service.server.accepted == 2, "one for tokens, one for messages"

    run(story())


@pytest.mark.parametrize("code", ["80200001", "80200003"])
def test_an_access_token_that_is_not_taken_is_renewed_once(code: str, certs: Certificates) -> None:
    async def story() -> None:
        async with hms(certs) as (client, service):
            good = "Bearer CF3+/2=="
            service.reply = lambda received: answer(
                "80000000" if received.header("authorization") == good else code, 200
            )
            assert await client.send(hms_push()) == Accepted("1570")
            assert len(service.messages) == 2
            service.reply = lambda _: answer(code, 401)
            assert await client.send(hms_push()) == Refused(code, 401)
            assert (len(service.messages), service.grants) == (3, 2), "the new one is not replaced within a minute"

    run(story())


def test_a_new_token_that_is_not_to_be_had_leaves_the_refusal(certs: Certificates) -> None:
    async def story() -> None:
        async with hms(certs) as (client, service):
            service.reply = lambda _: answer("80200003")
            service.token_reply = lambda _: Reply(body=b'{"access_token":"same","expires_in":3600}')
            assert await client.send(hms_push()) == Refused("80200003", 401)
            assert len(service.messages) == 1

    run(story())


def test_a_refused_secret_is_the_operators_business(certs: Certificates) -> None:
    async def story() -> None:
        async with hms(certs) as (client, service):
            service.token_reply = lambda _: Reply(status=400)
            assert await client.send(hms_push()) == Refused("OAuth: the app secret is refused", 401)
            assert not service.messages

    run(story())


def test_a_token_service_in_trouble_is_worth_another_try(certs: Certificates) -> None:
    async def story() -> None:
        async with hms(certs) as (client, service):
            service.token_reply = lambda _: Reply(status=503)
            with pytest.raises(UnansweredError, match="OAuth"):
                await client.send(hms_push())

    run(story())


def test_a_dead_token_is_told_from_a_bad_url(certs: Certificates) -> None:
    async def story() -> None:
        async with hms(certs) as (client, service):
            service.reply = lambda _: answer("80300007")
            assert await client.send(hms_push()) == Unregistered("80300007")
            service.reply = lambda _: Reply(status=404)
            assert await client.send(hms_push()) == Refused("HTTP 404", 404)

    run(story())


@pytest.mark.parametrize("value", ["short", "a" * 1025, "x" * 20 + "/", "x" * 20 + "\r\n", "x" * 20 + '"'])
def test_a_token_that_is_none_is_not_sent(value: str, certs: Certificates) -> None:
    async def story() -> None:
        async with hms(certs) as (client, service):
            with pytest.raises(UnsendableError, match="bad push token"):
                await client.send(hms_push(value=value))
            assert not service.server.received

    run(story())


@pytest.mark.parametrize(("app", "project"), [("a/b", ""), ("12", ""), (APP, "x"), (APP, "1" * 25)])
def test_ids_of_huaweis_are_numbers(app: str, project: str) -> None:
    with pytest.raises(UnsendableError, match="bad huawei id"):
        send_url("https://x", app=app, project=project)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, min_size=15, max_size=15))
def test_no_text_gets_out_of_its_place(texts: list[str], certs: Certificates) -> None:
    """Whatever a caller or an owner has written, the service sees exactly the members intended (reliability S12)."""

    async def story() -> None:
        async with hms(certs) as (client, service):
            for text in texts:
                alert = Alert(title=text, body=text, sound=text, category=text)
                everywhere = dict.fromkeys(("id", "account", "call_id", "from_uri", "from_name", "uuid"), text)
                assert await client.send(hms_push(**everywhere, alert=alert)) == Accepted("1570")
            assert len(service.messages) == len(texts)
            for received in service.messages:
                message = json.loads(received.body)["message"]
                assert message.keys() == {"data", "android", "token"}
                assert json.loads(message["data"]).keys() <= {"ringwake", "alert"}

    run(story())
