"""Client certificates and proxies, on every transport: they are really used, and their secrets stay with us."""

from __future__ import annotations

import socket
from threading import Event
from typing import Any

import pytest
from tests.push.certificates import Certificates
from tests.push.connect_proxy import ConnectProxy
from tests.push.loop import run
from tests.push.service import Faults, Service
from tests.push.transports import Make, curl, opened, post, provider, statuses

from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.transport.endpoint import EndpointPolicy
from ringwake.push.transport.http_curl import CurlTransport
from ringwake.push.transport.identity import Identity, read_identity
from ringwake.secret import Secret

both = pytest.mark.parametrize("make", [curl, provider])
NOWHERE = "8.8.8.8"
"""A public address. Nobody calls it: the tests' proxy leads elsewhere."""


def identity(certs: Certificates) -> Identity:
    found = read_identity(Secret(certs.client.read_bytes()))
    assert found is not None
    return found


def resolve_to(monkeypatch: pytest.MonkeyPatch, *addresses: str) -> list[str]:
    """Let every name lead to these addresses; return the names that are asked for."""
    asked: list[str] = []

    def answer(host: str, port: int, *_: Any, **__: Any) -> list[Any]:
        asked.append(host)
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in addresses]

    monkeypatch.setattr(socket, "getaddrinfo", answer)
    return asked


@both
def test_the_client_certificate_opens_a_door_that_asks_for_it(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        transport = make(certs, identity=identity(certs))
        async with Service(certs, Faults(asks_who=True)) as service, opened(transport):
            assert await statuses(transport, service.url + "/", 50) == [200] * 50

    run(story())


@both
def test_without_the_right_client_certificate_the_door_stays_shut(
    make: Make, certs: Certificates, other_certs: Certificates
) -> None:
    async def story() -> None:
        async with Service(certs, Faults(asks_who=True)) as service:
            for mine in (None, identity(other_certs)):
                async with opened(make(certs, identity=mine)) as transport:
                    with pytest.raises(UnansweredError) as caught:
                        await post(transport, service.url + "/secret")
                    assert "secret" not in str(caught.value)
            assert not service.received

    run(story())


@both
def test_the_proxy_is_used_and_pushes_share_its_tunnel(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port) as proxy:
            async with opened(make(certs, proxy=proxy.settings())) as transport:
                await post(transport, service.url + "/")
                assert await statuses(transport, service.url + "/", 100, at_once=50) == [200] * 100
            assert proxy.asked == [f"127.0.0.1:{service.port}"]
            assert service.received[0].header(":authority") == f"127.0.0.1:{service.port}"
            assert "proxy-authorization" not in service.received[0].plain

    run(story())


@both
def test_the_proxy_gets_user_and_password_and_the_service_does_not(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port, credentials="me:p:w/é") as proxy:
            async with opened(make(certs, proxy=proxy.settings("me:p%3Aw%2F%C3%A9"))) as transport:
                answer = await post(transport, service.url + "/")
            assert (answer.status, dict(answer.headers)) == (200, {})
            assert proxy.refused == 0
            assert "proxy-authorization" not in service.received[0].plain

    run(story())


@both
def test_a_proxy_that_refuses_us_is_named_without_its_password(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port, credentials="me:right") as proxy:
            for wrong in ("", "me:canary"):
                async with opened(make(certs, proxy=proxy.settings(wrong))) as transport:
                    with pytest.raises(UnansweredError, match="proxy: HTTP 407") as caught:
                        await post(transport, service.url + "/secret")
                    assert "canary" not in f"{caught.value!r}{vars(transport)}"
            assert service.accepted == 0

    run(story())


@both
def test_a_proxy_that_is_not_there_is_reported_and_not_gone_round(make: Make, certs: Certificates) -> None:
    async def story() -> None:
        async with Service(certs) as service:
            async with ConnectProxy(service.port) as proxy:
                settings = proxy.settings()
            async with opened(make(certs, proxy=settings)) as transport:
                with pytest.raises(UnansweredError, match="connection refused"):
                    await post(transport, service.url + "/")
            assert service.accepted == 0

    run(story())


@both
def test_a_tunnel_that_is_cut_midway_is_reported_and_the_next_push_gets_a_new_one(
    make: Make, certs: Certificates
) -> None:
    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port, lives_for=100) as proxy:
            transport = make(certs, proxy=proxy.settings())
            async with opened(transport):
                with pytest.raises(UnansweredError):
                    await post(transport, service.url + "/")
                proxy.lives_for = None
                assert (await post(transport, service.url + "/")).status == 200
            assert len(proxy.asked) == 2

    run(story())


@both
def test_the_environments_proxies_stay_unused_beside_our_own(
    make: Make, certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "*")

    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port) as proxy:
            async with opened(make(certs, proxy=proxy.settings())) as transport:
                assert (await post(transport, service.url + "/")).status == 200
            assert len(proxy.asked) == 1

    run(story())


def test_the_proxy_is_asked_for_the_pinned_address_of_a_strangers_name(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name is in SNI and :authority alone: what the proxy would make of it does not matter."""
    asked = resolve_to(monkeypatch, "10.0.0.1", NOWHERE)

    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port) as proxy:
            url = f"https://localhost:{service.port}/"
            policy = EndpointPolicy([f"localhost:{service.port}"])
            async with opened(CurlTransport(policy, ca=certs.ca.read_bytes(), proxy=proxy.settings())) as transport:
                await post(transport, url)
                assert await statuses(transport, url, 20) == [200] * 20
            assert proxy.asked == [f"{NOWHERE}:{service.port}"]
            assert asked == ["localhost"]
            assert service.received[0].header(":authority") == f"localhost:{service.port}"

    run(story())


def test_a_strangers_name_that_leads_inside_is_not_asked_of_the_proxy(
    certs: Certificates, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve_to(monkeypatch, "127.0.0.1", "169.254.169.254")

    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port) as proxy:
            policy = EndpointPolicy([f"localhost:{service.port}"])
            async with opened(CurlTransport(policy, ca=certs.ca.read_bytes(), proxy=proxy.settings())) as transport:
                with pytest.raises(UnsendableError, match="address not public"):
                    await post(transport, f"https://localhost:{service.port}/")
            assert not proxy.asked

    run(story())


@pytest.mark.parametrize("host", ["127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[64:ff9b::7f00:1]"])
def test_a_strangers_address_inside_is_not_asked_of_the_proxy(host: str) -> None:
    async def story() -> None:
        async with ConnectProxy(1) as proxy:
            async with opened(CurlTransport(EndpointPolicy([host]), proxy=proxy.settings())) as transport:
                with pytest.raises(UnsendableError, match="address not public"):
                    await post(transport, f"https://{host}/")
            assert not proxy.asked

    run(story())


def test_an_address_of_the_sixth_version_is_pinned_too(monkeypatch: pytest.MonkeyPatch, certs: Certificates) -> None:
    resolve_to(monkeypatch, "2606:4700:4700::1111")

    async def story() -> None:
        async with Service(certs) as service, ConnectProxy(service.port) as proxy:
            policy = EndpointPolicy(["localhost"])
            async with opened(CurlTransport(policy, ca=certs.ca.read_bytes(), proxy=proxy.settings())) as transport:
                assert (await post(transport, "https://localhost/")).status == 200
            assert proxy.asked == ["[2606:4700:4700::1111]:443"]

    run(story())


def test_the_time_for_the_name_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    over = Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: over.wait(3) and [])

    async def story() -> None:
        async with ConnectProxy(1) as proxy:
            transport = CurlTransport(EndpointPolicy(["x.example"]), proxy=proxy.settings())
            async with opened(transport):
                with pytest.raises(UnansweredError, match="in time"):
                    await post(transport, "https://x.example/", within=0.1)
            over.set()
            assert not proxy.asked

    run(story())
