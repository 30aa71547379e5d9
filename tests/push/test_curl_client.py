"""Handles and connections are used again, bounded, and let go."""

from __future__ import annotations

import asyncio
import gc

import pycurl
import pytest
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.service import Service
from tests.push.transports import curl, opened

from ringwake.push import curl_client
from ringwake.push.curl_client import judged
from ringwake.push.curl_handle import CurlHandle
from ringwake.push.errors import UnansweredError


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


def test_renewing_ends_what_is_under_way_as_lost_and_connects_anew(certs: Certificates) -> None:
    async def story() -> None:
        transport = curl(certs)
        client = transport._client
        client.renew()
        async with Service(certs) as service, opened(transport):
            service.handle = lambda _: None
            pending = asyncio.create_task(transport.post(service.url + "/", {}, body=b"", within=5.0))
            await service.until(lambda: bool(service.held))
            client.renew()
            with pytest.raises(UnansweredError, match="connection lost"):
                await pending
            await service.until(lambda: not service.live)
            pending = asyncio.create_task(transport.post(service.url + "/", {}, body=b"", within=5.0))
            await service.until(lambda: service.accepted == 2)
            pending.cancel()
            await asyncio.wait([pending])

    run(story())


def test_a_code_without_a_name_is_a_number() -> None:
    with pytest.raises(UnansweredError, match="curl error 99"):
        judged(CurlHandle((), allows=lambda _: True), 99)


def test_a_client_certificate_that_curl_cannot_use_is_said() -> None:
    with pytest.raises(UnansweredError, match="unusable client certificate"):
        judged(CurlHandle((), allows=lambda _: True), pycurl.E_SSL_CERTPROBLEM)
