"""What the operator's push server sees, on a real connection."""

from __future__ import annotations

import asyncio
import hmac
import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.samples import HTTP_TOKEN, NOW, Clock, http_push
from tests.push.service import Reply, Service

from ringwake.model.push import Accepted, Alert, Kind, Throttled
from ringwake.push.errors import CredentialsError, UnsendableError
from ringwake.push.hook.client import Hook
from ringwake.push.transport.http_provider import ProviderTransport
from ringwake.secret import Secret

KEY = b"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


@asynccontextmanager
async def hook(certs: Certificates) -> AsyncIterator[tuple[Hook, Service, Clock]]:
    clock = Clock()
    async with Service(certs) as service:
        service.handle = lambda _: Reply(body=b'{"id":"m-1"}')
        transport = ProviderTransport(ca=certs.ca.read_bytes())
        client = Hook(transport, url=f"{service.url}/push?from=sip", secret=Secret(KEY), wall=clock)
        try:
            yield client, service, clock
        finally:
            await client.close()


def test_a_push_is_json_that_is_signed(certs: Certificates) -> None:
    async def story() -> None:
        async with hook(certs) as (client, service, _):
            assert await client.send(http_push()) == Accepted("m-1")
            (received,) = service.received
            assert received.path == "/push?from=sip"
            fields = received.plain
            body = json.loads(received.body)
            assert (body["token"], body["id"]) == (HTTP_TOKEN, fields["webhook-id"])
            assert fields["webhook-timestamp"] == str(int(NOW))
            text = f"{fields['webhook-id']}.{int(NOW)}.".encode() + received.body
            key = b64decode(KEY.removeprefix(b"whsec_"))
            assert fields["webhook-signature"] == f"v1,{b64encode(hmac.digest(key, text, 'sha256')).decode()}"
            assert fields["content-type"] == "application/json"

    run(story())


def test_a_repeat_has_the_same_id_and_a_new_time_and_another_phone_another_id(certs: Certificates) -> None:
    async def story() -> None:
        async with hook(certs) as (client, service, clock):
            await client.send(http_push())
            clock.now += 2
            await client.send(http_push())
            await client.send(http_push(value="phone/43"))
            await client.send(http_push(kind=Kind.CANCEL))
            first, again, *others = (received.plain for received in service.received)
            assert first["webhook-id"] == again["webhook-id"]
            assert len({fields["webhook-id"] for fields in (first, *others)}) == 3
            assert int(again["webhook-timestamp"]) == int(first["webhook-timestamp"]) + 2
            assert first["webhook-signature"] != again["webhook-signature"]

    run(story())


def test_many_pushes_share_a_connection(certs: Certificates) -> None:
    async def story() -> None:
        async with hook(certs) as (client, service, _):
            outcomes = await asyncio.gather(*(client.send(http_push(id=str(number))) for number in range(300)))
            assert {type(outcome) for outcome in outcomes} == {Accepted}
            assert service.accepted == 1

    run(story())


def test_the_servers_answer_is_read(certs: Certificates) -> None:
    async def story() -> None:
        async with hook(certs) as (client, service, _):
            service.handle = lambda _: Reply(status=429, headers=(("retry-after", "3"),), body=b'{"reason":"busy"}')
            assert await client.send(http_push()) == Throttled("busy", 3.0)

    run(story())


@pytest.mark.parametrize("value", ["", "a b", "x" * 4097, "a\r\nb", "\u00e9"])
def test_a_token_that_no_phone_can_have_named_is_not_sent(value: str, certs: Certificates) -> None:
    async def story() -> None:
        async with hook(certs) as (client, service, _):
            with pytest.raises(UnsendableError, match="bad opaque token"):
                await client.send(http_push(value=value))
            assert not service.received

    run(story())


def test_a_key_that_is_none_is_said_at_once() -> None:
    with pytest.raises(CredentialsError, match="whsec_"):
        Hook(ProviderTransport(), url="https://x/", secret=Secret(b"short"), wall=Clock())


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, min_size=15, max_size=15))
def test_no_text_gets_out_of_its_place(texts: list[str], certs: Certificates) -> None:
    """Whatever a caller or an owner has written, the server sees exactly the fields intended (reliability S12)."""
    names = {"webhook-id", "webhook-timestamp", "webhook-signature", "content-type", "content-length", "user-agent"}

    async def story() -> None:
        async with hook(certs) as (client, service, _):
            for text in texts:
                alert = Alert(title=text, body=text, sound=text, category=text)
                everywhere = dict.fromkeys(("id", "account", "call_id", "from_uri", "from_name", "uuid"), text)
                assert await client.send(http_push(**everywhere, alert=alert)) == Accepted("m-1")
            assert len(service.received) == len(texts)
            for received in service.received:
                assert received.plain.keys() == names
                assert json.loads(received.body)["kind"] == "call"

    run(story())
