"""The driver runs every transfer to its end, also where curl loses a wake-up (push-services 7.2)."""

from __future__ import annotations

import asyncio
from threading import Event

import pycurl
import pytest
from tests.push.certificates import Certificates
from tests.push.loop import run
from tests.push.service import Service
from tests.push.transports import opened

from ringwake.push.transport import http_curl
from ringwake.push.transport.curl_driver import CurlDriver
from ringwake.push.transport.endpoint import EndpointPolicy
from ringwake.push.transport.http_curl import CurlTransport


class Deaf(CurlDriver):
    """Never told when a socket can be read: as if every wake-up were lost."""

    def _watch(self, what: int, fd: int, _multi: object, _data: object) -> None:
        super()._watch(what, fd, _multi, _data)
        self._loop.remove_reader(fd)


def lab(certs: Certificates) -> CurlTransport:
    return CurlTransport(EndpointPolicy(allow_private=True), ca=certs.ca.read_bytes())


def test_the_watchdog_frees_what_a_lost_wake_up_holds(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_curl, "CurlDriver", Deaf)

    async def story() -> None:
        transport = lab(certs)
        async with Service(certs) as service, opened(transport), asyncio.timeout(3):
            for _ in range(3):
                answers = [transport.post(service.url + "/", {}, body=b"", within=5.0) for _ in range(20)]
                assert {answer.status for answer in await asyncio.gather(*answers)} == {200}

    run(story())


def test_without_the_watchdog_it_would_hang(certs: Certificates, monkeypatch: pytest.MonkeyPatch) -> None:
    """Shows that the test above tests something."""

    class Asleep(Deaf):
        def _arm_watchdog(self) -> None:
            pass

    monkeypatch.setattr(http_curl, "CurlDriver", Asleep)

    async def story() -> None:
        transport = lab(certs)
        async with Service(certs) as service, opened(transport):
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.5):
                    await transport.post(service.url + "/", {}, body=b"", within=5.0)

    run(story())


def test_it_rests_when_nothing_is_pending(certs: Certificates) -> None:
    async def story() -> None:
        transport = lab(certs)
        async with Service(certs) as service, opened(transport):
            await transport.post(service.url + "/", {}, body=b"", within=5.0)
            driver = transport._client._driver
            assert driver is not None
            driver._look()
            assert driver._watchdog is None

    run(story())


def test_bursts_and_silence_lose_nothing(certs: Certificates) -> None:
    async def story() -> None:
        transport = lab(certs)
        async with Service(certs) as service, opened(transport):
            for _ in range(20):
                posts = [transport.post(service.url + "/", {}, body=b"", within=4.0) for _ in range(100)]
                assert {answer.status for answer in await asyncio.gather(*posts)} == {200}

    run(story())


def test_after_closing_nothing_runs_any_more() -> None:
    async def story() -> None:
        driver = CurlDriver()
        driver._set_timer(0)
        driver.close(pycurl.E_ABORTED_BY_CALLBACK)
        turn = asyncio.Event()
        asyncio.get_running_loop().call_soon(turn.set)
        await turn.wait()  # what had been due would fail in the closed multi handle, and `run` see it

    run(story())


def test_closing_does_not_hold_the_loop_while_a_name_is_looked_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """It joins the threads of curl's resolver, which may wait ten seconds for a name server that says nothing."""
    looked_up, cleaned = Event(), Event()

    class Resolving(pycurl.CurlMulti):  # type: ignore[misc]  # pycurl has no types
        def close(self) -> None:
            looked_up.wait(3)
            super().close()
            cleaned.set()

    monkeypatch.setattr(pycurl, "CurlMulti", Resolving)

    async def story() -> None:
        driver = CurlDriver()
        driver.close(pycurl.E_ABORTED_BY_CALLBACK)
        assert not cleaned.is_set()
        looked_up.set()
        assert await asyncio.to_thread(cleaned.wait, 3)

    run(story())
