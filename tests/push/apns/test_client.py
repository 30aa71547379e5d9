"""What APNs sees, on a real HTTP/2 connection."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.utils import formatdate

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.samples import APNS_TOKEN, NOW, Clock, apns_push
from tests.push.service import Received, Reply
from tests.push.service import Service as Server

from ringwake.model.push import Accepted, Alert, Kind, Refused, Service, Unregistered
from ringwake.push.apns.client import Apns, apns_id
from ringwake.push.apns.host import Host
from ringwake.push.errors import UnsendableError
from ringwake.push.provider_jwt import ProviderToken
from ringwake.push.transport.http_provider import ProviderTransport

KEY = generate_private_key(SECP256R1())
EXPIRED = Reply(status=403, body=b'{"reason":"ExpiredProviderToken"}')
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40) | st.sampled_from(
    ["\r\nx-evil: 1", "a\r\n\r\nb", "\0", "\u2028", "../../x", "é\ud800", "' OR 1=1"]
)


@asynccontextmanager
async def apns(certs: Certificates, clock: Clock) -> AsyncIterator[tuple[Apns, Server]]:
    async with Server(certs) as server:
        token = ProviderToken(team="TEAM123456", key_id="KEY1234567", key=KEY, wall=clock)
        ca = certs.ca.read_bytes()
        host = Host(server.url, lambda: ProviderTransport(ca=ca), token, wall=clock)
        client = Apns(host, None, bundle="com.example.phone", wall=clock)
        try:
            yield client, server
        finally:
            await client.close()


def bearer(received: Received) -> str:
    scheme, token = (received.header("authorization") or "").split(" ")
    assert scheme == "bearer"
    return token


@pytest.mark.parametrize(
    ("service", "kind", "alert", "push_type", "priority", "topic"),
    [
        (Service.VOIP, Kind.CALL, None, "voip", "10", "com.example.phone.voip"),
        (Service.REMOTE, Kind.CALL, Alert(body="b"), "alert", "10", "com.example.phone"),
        (Service.REMOTE, Kind.MESSAGE, Alert(sound="default"), "alert", "10", "com.example.phone"),
        (Service.REMOTE, Kind.MISSED, Alert(badge=1), "alert", "10", "com.example.phone"),
        (Service.REMOTE, Kind.READ, Alert(badge=0), "alert", "5", "com.example.phone"),
        (Service.REMOTE, Kind.MISSED, None, "background", "5", "com.example.phone"),
        (Service.REMOTE, Kind.ELSEWHERE, None, "background", "5", "com.example.phone"),
        (Service.REMOTE, Kind.CANCEL, None, "background", "5", "com.example.phone"),
        (Service.REMOTE, Kind.REFRESH, None, "background", "5", "com.example.phone"),
    ],
)
def test_each_push_has_the_headers_of_its_form(
    service: Service,
    kind: Kind,
    alert: Alert | None,
    push_type: str,
    priority: str,
    topic: str,
    certs: Certificates,
) -> None:
    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            outcome = await client.send(apns_push(service, kind=kind, alert=alert))
            assert outcome == Accepted("")
            seen = server.received[0].plain
            assert server.received[0].path == f"/3/device/{APNS_TOKEN}"
            assert seen["apns-push-type"] == push_type
            assert seen["apns-priority"] == priority
            assert seen["apns-topic"] == topic
            assert seen["apns-expiration"] == str(int(NOW) + 18)
            assert ("apns-collapse-id" in seen) is (push_type != "voip")

    run(story())


def test_the_token_is_ours(certs: Certificates) -> None:
    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            await client.send(apns_push())
            token = bearer(server.received[0])
            assert jwt.get_unverified_header(token)["kid"] == "KEY1234567"
            options = {"verify_iat": False}
            claims = jwt.decode(token, KEY.public_key(), algorithms=["ES256"], options=options)  # type: ignore[arg-type]
            assert claims == {"iss": "TEAM123456", "iat": int(NOW)}

    run(story())


def test_a_retry_has_the_same_id_and_another_push_another(certs: Certificates) -> None:
    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            for push in (apns_push(), apns_push(), apns_push(id="other")):
                await client.send(push)
            ids = [received.header("apns-id") for received in server.received]
            assert ids[0] == ids[1] != ids[2]

    run(story())


def test_an_id_is_a_canonical_lower_case_uuid() -> None:
    form = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
    assert all(form.fullmatch(apns_id(text)) for text in ("", "x", "8f14e45fceea167a5a36dedd4bea2543", "\ud800"))


@pytest.mark.parametrize(
    ("expires_at", "sent"),
    [(NOW + 20.9, int(NOW) + 20), (NOW, 0), (NOW - 5, 0), (NOW + 10**9, int(NOW) + 30 * 86400)],
)
def test_a_push_is_kept_until_it_is_of_no_use(expires_at: float, sent: int, certs: Certificates) -> None:
    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            await client.send(apns_push(expires_at=expires_at))
            assert server.received[0].header("apns-expiration") == str(sent)

    run(story())


def test_what_ends_a_call_replaces_its_alert(certs: Certificates) -> None:
    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            for kind in (Kind.CALL, Kind.MISSED, Kind.MESSAGE):
                await client.send(apns_push(Service.REMOTE, kind=kind, alert=Alert(body="b")))
            names = [received.header("apns-collapse-id") or "" for received in server.received]
            assert names[0] == names[1] != names[2]
            assert all(0 < len(name) <= 64 for name in names)

    run(story())


def test_a_dead_token_is_reported_with_its_time(certs: Certificates) -> None:
    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            server.handle = lambda _: Reply(status=410, body=b'{"reason":"Unregistered","timestamp":1795480000123}')
            assert await client.send(apns_push()) == Unregistered("Unregistered", 1795480000.123)

    run(story())


def test_an_expired_token_is_renewed_once_for_a_thousand_pushes(certs: Certificates) -> None:
    clock = Clock()

    async def story() -> None:
        async with apns(certs, clock) as (client, server):
            await client.send(apns_push())
            old = bearer(server.received[0])
            clock.now += 30 * 60
            server.handle = lambda received: EXPIRED if bearer(received) == old else Reply()
            outcomes = await asyncio.gather(*(client.send(apns_push(id=str(n), timeout=20.0)) for n in range(1000)))
            assert set(outcomes) == {Accepted("")}
            assert len({bearer(received) for received in server.received}) == 2
            assert server.accepted <= 2, "this one allows 100 streams on each"

    run(story())


def test_a_repeat_after_renewal_is_the_same_push(certs: Certificates) -> None:
    clock = Clock()

    async def story() -> None:
        async with apns(certs, clock) as (client, server):
            await client.send(apns_push())
            old = bearer(server.received[0])
            clock.now += 30 * 60
            server.handle = lambda received: EXPIRED if bearer(received) == old else Reply()
            await client.send(apns_push())
            refused, repeated = server.received[1:]
            assert refused.body == repeated.body
            assert refused.header("apns-id") == repeated.header("apns-id")

    run(story())


def test_a_young_token_is_not_renewed(certs: Certificates) -> None:
    """Apple makes a connection unusable when a team changes its token more often than every 20 minutes."""

    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            server.handle = lambda _: EXPIRED
            for _ in range(3):
                assert await client.send(apns_push()) == Refused("ExpiredProviderToken", 403)
            assert len(server.received) == 3
            assert len({bearer(received) for received in server.received}) == 1

    run(story())


def test_an_expired_token_that_stays_expired_is_tried_twice_only(certs: Certificates) -> None:
    clock = Clock()

    async def story() -> None:
        async with apns(certs, clock) as (client, server):
            await client.send(apns_push())
            clock.now += 30 * 60
            server.handle = lambda _: EXPIRED
            assert await client.send(apns_push()) == Refused("ExpiredProviderToken", 403)
            assert len(server.received) == 3

    run(story())


def test_no_other_refusal_makes_a_new_token(certs: Certificates) -> None:
    clock = Clock()

    async def story() -> None:
        async with apns(certs, clock) as (client, server):
            await client.send(apns_push())
            clock.now += 30 * 60
            server.handle = lambda _: Reply(status=403, body=b'{"reason":"InvalidProviderToken"}')
            assert await client.send(apns_push()) == Refused("InvalidProviderToken", 403)
            assert len({bearer(received) for received in server.received}) == 1

    run(story())


@pytest.mark.parametrize("hours", [-2, 2])
def test_a_clock_that_is_hours_off_is_corrected_by_apples_date(hours: int, certs: Certificates) -> None:
    theirs = NOW + hours * 3600

    def handle(received: Received) -> Reply:
        claims = jwt.decode(bearer(received), options={"verify_signature": False})
        if abs(claims["iat"] - theirs) < 60:
            return Reply()
        return Reply(status=403, headers=(("date", formatdate(theirs, usegmt=True)),), body=EXPIRED.body)

    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            server.handle = handle
            assert await client.send(apns_push()) == Accepted("")
            assert await client.send(apns_push()) == Accepted("")
            assert len(server.received) == 3

    run(story())


@pytest.mark.parametrize("value", ["", "xyz", "../" + "ab" * 16, "ab" * 16 + "\r\n", "ab" * 16 + "/../x"])
def test_a_token_that_is_none_is_never_sent(value: str, certs: Certificates) -> None:
    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            with pytest.raises(UnsendableError, match="device token"):
                await client.send(apns_push(value=value))
            assert server.accepted == 0

    run(story())


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, min_size=15, max_size=15), service=st.sampled_from([Service.VOIP, Service.REMOTE]))
def test_no_text_gets_out_of_its_place(texts: list[str], service: Service, certs: Certificates) -> None:
    """Whatever a caller or an account's owner has written, APNs sees exactly the headers intended (reliability S12)."""
    names = {"authorization", "content-type", "content-length", "user-agent", "apns-id", "apns-push-type"}
    names |= {"apns-topic", "apns-priority", "apns-expiration"}
    names |= set() if service is Service.VOIP else {"apns-collapse-id"}

    async def story() -> None:
        async with apns(certs, Clock()) as (client, server):
            for text in texts:
                alert = Alert(title=text, body=text, sound=text, category=text)
                everywhere = dict.fromkeys(("id", "account", "call_id", "from_uri", "from_name", "uuid"), text)
                assert await client.send(apns_push(service, **everywhere, alert=alert)) == Accepted("")
            assert len(server.received) == len(texts)
            for received in server.received:
                assert received.plain.keys() == names
                assert received.path == f"/3/device/{APNS_TOKEN}"
                assert json.loads(received.body)["ringwake"]["seq"] == 1

    run(story())
