"""What is special to endpoints that a phone has named: no private address is called (reliability S14)."""

from __future__ import annotations

import asyncio
import socket

import pytest
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.service import Faults, Reply, Service
from tests.push.transports import opened

from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.transport.endpoint import EndpointPolicy
from ringwake.push.transport.http_curl import CurlTransport


def test_a_listed_name_that_leads_inside_is_not_called(certs: Certificates) -> None:
    """The name is allowed, its address is not: as after DNS rebinding."""

    async def story() -> None:
        async with Service(certs) as service:
            policy = EndpointPolicy([f"localhost:{service.port}"])
            async with opened(CurlTransport(policy, ca=certs.ca.read_bytes())) as transport:
                with pytest.raises(UnsendableError, match="address not public") as caught:
                    await transport.post(f"https://localhost:{service.port}/", {}, body=b"", within=5.0)
                assert caught.value.status == 400
            assert service.accepted == 0

    run(story())


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0.0.0.0", "[::1]", "[::ffff:127.0.0.1]", "[::127.0.0.1]", "[64:ff9b::7f00:1]", "[2002:7f00:1::]"],
)
def test_a_listed_address_inside_is_not_called_in_any_form(host: str) -> None:
    async def story() -> None:
        canary = socket.create_server(("::", 0), family=socket.AF_INET6, dualstack_ipv6=True)
        canary.setblocking(False)
        with canary:
            port = canary.getsockname()[1]
            async with opened(CurlTransport(EndpointPolicy([f"{host}:{port}"]))) as transport:
                with pytest.raises(UnsendableError, match="address not public"):
                    await transport.post(f"https://{host}:{port}/", {}, body=b"", within=5.0)
            with pytest.raises(BlockingIOError):
                canary.accept()

    run(story())


@pytest.mark.parametrize(
    "url",
    [
        "http://fcm.googleapis.com/",
        "https://localhost/",
        "https://u@fcm.googleapis.com/",
        "https://fcm.googleapis.com:8443/",
    ],
)
def test_an_endpoint_that_is_not_listed_is_refused_before_its_name_is_asked_for(url: str) -> None:
    async def story() -> None:
        transport = CurlTransport(EndpointPolicy())
        async with opened(transport):
            with pytest.raises(UnsendableError, match="endpoint"):
                await transport.post(url, {}, body=b"", within=5.0)
            assert transport._client._driver is None

    run(story())


def test_a_handle_remembers_nothing_of_the_request_before(certs: Certificates) -> None:
    async def story() -> None:
        transport = CurlTransport(EndpointPolicy(allow_private=True), ca=certs.ca.read_bytes())
        async with Service(certs) as service, opened(transport):
            service.handle = lambda _: Reply(status=404, headers=(("location", "x"),), body=b"gone")
            await transport.post(service.url + "/a", {"topic": "x"}, body=b"body", within=5.0)
            service.handle = lambda _: Reply(status=201)
            answer = await transport.post(service.url + "/b", {"ttl": "1"}, body=b"", within=5.0)
            assert (answer.status, dict(answer.headers), answer.body) == (201, {}, b"")
            assert "topic" not in service.received[1].plain
            assert service.received[1].body == b""

    run(story())


def test_a_burst_on_a_new_connection_stays_within_what_servers_allow(certs: Certificates) -> None:
    """RFC 9113 asks servers to allow 100 streams; a strict one kills the connection that takes more."""

    async def story() -> None:
        transport = CurlTransport(EndpointPolicy(allow_private=True), ca=certs.ca.read_bytes())
        async with Service(certs, Faults(max_streams=100, is_strict=True)) as service, opened(transport):
            posts = [transport.post(service.url + "/", {}, body=b"", within=5.0) for _ in range(400)]
            assert {answer.status for answer in await asyncio.gather(*posts)} == {200}

    run(story())


def test_without_an_own_authority_a_stranger_is_not_trusted(certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, opened(CurlTransport(EndpointPolicy(allow_private=True))) as transport:
            with pytest.raises(UnansweredError, match="certificate"):
                await transport.post(service.url + "/", {}, body=b"", within=5.0)

    run(story())
