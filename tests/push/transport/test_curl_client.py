"""Handles and connections are used again, bounded, and let go."""

from __future__ import annotations

import asyncio
import gc

import pycurl
import pytest
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.service import Reply, Service
from tests.push.transports import curl, opened

from ringwake.push.errors import UnansweredError
from ringwake.push.transport import curl_client
from ringwake.push.transport.curl_client import judged
from ringwake.push.transport.curl_handle import CurlHandle


def test_handles_and_sockets_are_given_back(certs: Certificates) -> None:
    async def story() -> None:
        transport = curl(certs)
        async with Service(certs) as service, opened(transport):
            for _ in range(3):
                await asyncio.gather(*(transport.post(service.url + "/", {}, body=b"", within=5.0) for _ in range(50)))
            assert len(transport._client._idle) == 50
            driver = transport._client._driver
        assert not transport._client._idle
        assert driver is not None
        assert not driver._sockets
        assert not driver._pending

    run(story())
    gc.collect()


def test_idle_handles_are_bounded(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(curl_client, "IDLE_HANDLES", 3)

    async def story() -> None:
        transport = curl(certs)
        async with Service(certs) as service, opened(transport):
            await asyncio.gather(*(transport.post(service.url + "/", {}, body=b"", within=5.0) for _ in range(20)))
            assert len(transport._client._idle) == 3

    run(story())


def test_renewing_connects_anew_and_lets_what_is_under_way_come_to_its_end(certs: Certificates) -> None:
    async def story() -> None:
        transport = curl(certs)
        client = transport._client
        client.renew()
        async with Service(certs) as service, opened(transport):
            service.handle = lambda _: None
            older = asyncio.create_task(transport.post(service.url + "/", {}, body=b"", within=5.0))
            await service.until(lambda: bool(service.held))
            client.renew()
            service.handle = lambda _: Reply()
            assert (await transport.post(service.url + "/", {}, body=b"", within=5.0)).status == 200
            assert service.accepted == 2
            service.held[0].answer(Reply())
            assert (await older).status == 200
            await service.until(lambda: len(service.live) == 1)

    run(story())


def test_closing_ends_what_is_under_way_on_a_connection_that_was_renewed(certs: Certificates) -> None:
    async def story() -> None:
        transport = curl(certs)
        async with Service(certs) as service:
            service.handle = lambda _: None
            older = asyncio.create_task(transport.post(service.url + "/", {}, body=b"", within=5.0))
            await service.until(lambda: bool(service.held))
            transport._client.renew()
            await transport.close()
            with pytest.raises(UnansweredError, match="closed"):
                await older
            await service.until(lambda: not service.live)

    run(story())


def test_a_code_without_a_name_is_a_number() -> None:
    with pytest.raises(UnansweredError, match="curl error 99"):
        judged(CurlHandle((), allows=lambda _: True), 99)


def test_a_client_certificate_that_curl_cannot_use_is_said() -> None:
    with pytest.raises(UnansweredError, match="unusable client certificate"):
        judged(CurlHandle((), allows=lambda _: True), pycurl.E_SSL_CERTPROBLEM)
