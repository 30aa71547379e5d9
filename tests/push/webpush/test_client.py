"""What a push service sees, on a real HTTP/2 connection, and what its answers mean."""

from __future__ import annotations

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
from tests.push.samples import NOW, Clock, webpush_push
from tests.push.service import Reply, Service
from tests.push.webpush.browser import Browser

from ringwake.model.push import Accepted, Alert, Kind, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.errors import UnsendableError
from ringwake.push.provider_jwt import Vapid, public_text
from ringwake.push.transport.endpoint import ANY_SERVICE, EndpointPolicy
from ringwake.push.transport.http import Answer
from ringwake.push.transport.http_curl import CurlTransport
from ringwake.push.webpush.client import WebPush, verdict

KEY = generate_private_key(SECP256R1())
ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()), max_size=40)


@asynccontextmanager
async def webpush(certs: Certificates) -> AsyncIterator[tuple[WebPush, Service]]:
    async with Service(certs) as service:
        service.handle = lambda _: Reply(status=201, headers=(("location", "https://x/m/1"), ("ttl", "18")))
        policy, clock = EndpointPolicy(allow_private=True), Clock()
        vapid = Vapid(key=KEY, subject="mailto:ops@example.com", wall=clock)
        client = WebPush(CurlTransport(policy, ca=certs.ca.read_bytes()), vapid, policy=policy, wall=clock)
        try:
            yield client, service
        finally:
            await client.close()


def test_a_call_is_sealed_for_the_browser(certs: Certificates) -> None:
    browser = Browser()

    async def story() -> None:
        async with webpush(certs) as (client, service):
            push = webpush_push(f"{service.url}/wpush/v2/abc?x=1", keys=browser.keys)
            assert await client.send(push) == Accepted()
            (received,) = service.received
            assert received.path == "/wpush/v2/abc?x=1"
            seen = received.plain
            topic = seen.pop("topic")
            assert re.fullmatch(r"[A-Za-z0-9_\-]{32}", topic)
            assert seen.pop("authorization").startswith("vapid t=")
            assert seen == {
                "ttl": "18",
                "urgency": "high",
                "content-encoding": "aes128gcm",
                "content-type": "application/octet-stream",
                "content-length": str(len(received.body)),
                "user-agent": "ringwake",
            }
            assert b"ringwake" not in received.body
            assert json.loads(browser.decrypt(received.body))["ringwake"]["from"]["name"] == "Boss"

    run(story())


def test_no_two_messages_share_a_key_or_a_salt(certs: Certificates) -> None:
    async def story() -> None:
        async with webpush(certs) as (client, service):
            push = webpush_push(f"{service.url}/x", keys=Browser().keys)
            for _ in range(5):
                await client.send(push)
            assert len({received.body[:16] for received in service.received}) == 5
            assert len({received.body[21:86] for received in service.received}) == 5
            assert service.accepted == 1

    run(story())


def test_without_keys_the_push_is_empty(certs: Certificates) -> None:
    async def story() -> None:
        async with webpush(certs) as (client, service):
            await client.send(webpush_push(f"{service.url}/x"))
            (received,) = service.received
            assert received.body == b""
            assert received.plain.keys() == {"authorization", "ttl", "urgency", "topic", "content-length", "user-agent"}

    run(story())


def test_the_token_is_for_the_services_origin_alone(certs: Certificates) -> None:
    async def story() -> None:
        async with webpush(certs) as (client, service):
            await client.send(webpush_push(f"{service.url}/x"))
            await client.send(webpush_push(f"{service.url}/y"))
            first, second = (received.header("authorization") or "" for received in service.received)
            assert first == second
            match = re.fullmatch(r"vapid t=([^ ]+), k=([^ ]+)", first)
            assert match is not None
            assert match[2] == public_text(KEY)
            claims = jwt.decode(
                match[1], KEY.public_key(), algorithms=["ES256"], audience=service.url, options={"verify_exp": False}
            )
            assert claims["sub"] == "mailto:ops@example.com"
            assert claims["exp"] - NOW <= 24 * 3600

    run(story())


@pytest.mark.parametrize("kind", sorted(Kind))
def test_only_what_cannot_wait_is_urgent(kind: Kind, certs: Certificates) -> None:
    async def story() -> None:
        async with webpush(certs) as (client, service):
            await client.send(webpush_push(f"{service.url}/x", kind=kind))
            is_urgent = kind in (Kind.CALL, Kind.ELSEWHERE, Kind.CANCEL, Kind.WAKE)
            assert service.received[0].header("urgency") == ("high" if is_urgent else "normal")

    run(story())


def test_what_ends_a_call_replaces_it_while_it_waits(certs: Certificates) -> None:
    async def story() -> None:
        async with webpush(certs) as (client, service):
            for kind in (Kind.CALL, Kind.CANCEL, Kind.MESSAGE):
                await client.send(webpush_push(f"{service.url}/x", kind=kind))
            topics = [received.header("topic") for received in service.received]
            assert topics[0] == topics[1] != topics[2]

    run(story())


@pytest.mark.parametrize(("left", "ttl"), [(18.9, "18"), (0.0, "0"), (-9.0, "0"), (1e9, "2419200")])
def test_it_is_kept_as_long_as_it_is_of_use(left: float, ttl: str, certs: Certificates) -> None:
    async def story() -> None:
        async with webpush(certs) as (client, service):
            await client.send(webpush_push(f"{service.url}/x", expires_at=NOW + left))
            assert service.received[0].header("ttl") == ttl

    run(story())


def test_an_endpoint_that_is_not_allowed_is_not_called(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            policy, clock = EndpointPolicy(), Clock()
            vapid = Vapid(key=KEY, subject="mailto:ops@example.com", wall=clock)
            client = WebPush(CurlTransport(policy, ca=certs.ca.read_bytes()), vapid, policy=policy, wall=clock)
            with pytest.raises(UnsendableError, match="endpoint not allowed"):
                await client.send(webpush_push(f"{service.url}/x"))
            assert service.accepted == 0
            assert not vapid._signed, "no token was made for it"
            await client.close()

    run(story())


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "169.254.169.254", "[::ffff:127.0.0.1]", "10.0.0.1"])
def test_an_endpoint_of_anyones_choice_is_at_a_public_address(host: str) -> None:
    """UnifiedPush takes any host: what is behind its name decides (reliability S14)."""

    async def story() -> None:
        policy, clock = EndpointPolicy(ANY_SERVICE), Clock()
        vapid = Vapid(key=KEY, subject="mailto:ops@example.com", wall=clock)
        client = WebPush(CurlTransport(policy), vapid, policy=policy, wall=clock)
        with pytest.raises(UnsendableError, match="address not public"):
            await client.send(webpush_push(f"https://{host}/up/x"))
        await client.close()

    run(story())


STATUSES: list[tuple[int, Outcome]] = [
    (200, Accepted()),
    (201, Accepted()),
    (202, Accepted()),
    (204, Accepted()),
    (301, Refused("HTTP 301", 301)),
    (307, Refused("HTTP 307", 307)),
    (400, Refused("HTTP 400", 400)),
    (401, Refused("HTTP 401", 401)),
    (403, Refused("HTTP 403", 403)),
    (404, Unregistered("HTTP 404")),
    (405, Refused("HTTP 405", 405)),
    (406, Throttled("HTTP 406")),
    (408, Unreachable("HTTP 408")),
    (410, Unregistered("HTTP 410")),
    (413, Refused("HTTP 413", 413)),
    (429, Throttled("HTTP 429")),
    (500, Unreachable("HTTP 500")),
    (502, Unreachable("HTTP 502")),
    (503, Unreachable("HTTP 503")),
    (504, Unreachable("HTTP 504")),
]


@pytest.mark.parametrize(("status", "outcome"), STATUSES)
@pytest.mark.parametrize(
    "body", [b"", b"null", b"<html>", b'{"errno":"x"}', b'{"reason":"a b"}', b'{"errno":-1}', b"[" * 8000]
)
def test_every_status_has_its_outcome(status: int, outcome: Outcome, body: bytes) -> None:
    assert verdict(Answer(status=status, body=body), wall=NOW) == outcome


MOZILLA: list[tuple[int, int, Outcome]] = [
    (400, 101, Refused("errno 101", 400)),  # crypto keys are missing
    (404, 102, Unregistered("errno 102")),
    (410, 103, Unregistered("errno 103")),
    (413, 104, Refused("errno 104", 413)),
    (410, 105, Unregistered("errno 105")),
    (410, 106, Unregistered("errno 106")),
    (400, 108, Refused("errno 108", 400)),  # router type
    (401, 109, Refused("errno 109", 401)),
    (400, 110, Refused("errno 110", 400)),  # crypto keys
    (400, 111, Refused("errno 111", 400)),  # a header is missing
    (400, 112, Refused("errno 112", 400)),  # TTL
    (400, 113, Refused("errno 113", 400)),  # Topic
    (429, 201, Throttled("errno 201")),
    (503, 201, Unreachable("errno 201")),
    (503, 202, Unreachable("errno 202")),
    (502, 900, Unreachable("errno 900")),
    (502, 901, Unreachable("errno 901")),
    (502, 902, Unreachable("errno 902")),
    (502, 903, Unreachable("errno 903")),
    (500, 999, Unreachable("errno 999")),
]


@pytest.mark.parametrize(("status", "errno", "outcome"), MOZILLA)
def test_every_errno_of_mozillas_has_its_outcome(status: int, errno: int, outcome: Outcome) -> None:
    body = json.dumps({"code": status, "errno": errno, "error": "words", "more_info": "https://x"}).encode()
    assert verdict(Answer(status=status, body=body), wall=NOW) == outcome


@pytest.mark.parametrize("status", [400, 401, 403, 413])
@pytest.mark.parametrize("reason", ["BadJwtToken", "VapidPkHashMismatch", "ExpiredToken", "Unregistered"])
def test_no_word_of_the_service_kills_a_subscription(status: int, reason: str) -> None:
    body = json.dumps({"reason": reason}).encode()
    assert verdict(Answer(status=status, body=body), wall=NOW) == Refused(reason, status)


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome"),
    [
        (429, "7", Throttled("HTTP 429", 7.0)),
        (429, formatdate(NOW + 7, usegmt=True), Throttled("HTTP 429", 7.0)),
        (429, "-1", Throttled("HTTP 429")),
        (503, "7", Throttled("HTTP 503", 7.0)),
        (503, "soon", Unreachable("HTTP 503")),
        (410, "7", Unregistered("HTTP 410")),
    ],
)
def test_retry_after_is_heard(status: int, retry_after: str, outcome: Outcome) -> None:
    assert verdict(Answer(status=status, headers={"retry-after": retry_after}), wall=NOW) == outcome


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b'{"code":410,"errno":103,"error":"Gone"}', "errno 103"),
        (b'{"reason":"BadJwtToken"}', "BadJwtToken"),
    ],
)
def test_the_services_own_word_is_kept(body: bytes, reason: str) -> None:
    assert verdict(Answer(status=403, body=body), wall=NOW) == Refused(reason, 403)


@settings(max_examples=4, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(ANY_TEXT, min_size=15, max_size=15), kind=st.sampled_from([Kind.CALL, Kind.MESSAGE]))
def test_no_text_gets_out_of_its_place(texts: list[str], kind: Kind, certs: Certificates) -> None:
    """Whatever a caller or an owner has written, the service sees exactly the headers intended (reliability S12)."""
    browser = Browser()
    names = {
        "authorization",
        "ttl",
        "urgency",
        "topic",
        "content-encoding",
        "content-type",
        "content-length",
        "user-agent",
    }

    async def story() -> None:
        async with webpush(certs) as (client, service):
            for text in texts:
                alert = Alert(title=text, body=text, sound=text, category=text)
                everywhere = dict.fromkeys(("id", "account", "call_id", "from_uri", "from_name", "uuid"), text)
                push = webpush_push(f"{service.url}/x", keys=browser.keys, kind=kind, **everywhere, alert=alert)
                assert await client.send(push) == Accepted()
            assert len(service.received) == len(texts)
            for received in service.received:
                assert received.plain.keys() == names
                assert json.loads(browser.decrypt(received.body))["ringwake"]["kind"] == kind.value

    run(story())
