"""HTTP/2 to the providers by libcurl: a warm connection to one host (docs/adr/0032-transports.md).

curl itself sends again what a service says it has not looked at (RFC 9113 section 8.7), five times; after that we do,
while there is time. Of the requests that were under way when a connection died it sends one at most again: the same
one, under the same id. The others are reported.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from math import inf

from ringwake.push.errors import UnansweredError, UnprocessedError
from ringwake.push.fields import check_headers
from ringwake.push.transport.curl_client import RESET, SLOW, CurlClient
from ringwake.push.transport.curl_driver import CurlDriver
from ringwake.push.transport.curl_options import options
from ringwake.push.transport.http import Answer
from ringwake.push.transport.identity import Identity
from ringwake.push.transport.proxy import Proxy
from ringwake.push.transport.warmth import Warmth

STREAMS = 1000
"""On one connection, if the service allows them: as many as Apple's does at most (push-services 1.1)."""
CONNECTIONS = 2
"""The second is for the time in which the first one drains after GOAWAY, and for services that allow few streams."""
SENDINGS = 20
"""How often curl is asked to get one request through, while the service says that it has not looked at it."""
DEAF_AFTER = 2.7
"""Seconds in which a connection answers nothing until it is replaced. TCP may be well, and only the far end of a proxy
or balancer dead; without this every push of the next hour would go there. It is less than an attempt of a call takes:
the next attempt must not go there, too."""


class ProviderTransport:
    """A warm connection to a provider; a second one where its limit of streams is reached."""

    def __init__(
        self, *, ca: bytes | None = None, identity: Identity | None = None, proxy: Proxy | None = None
    ) -> None:
        """Prepare; nothing is opened before the first request.

        Args:
            ca: certificates in PEM, trusted beside those of the system.
            identity: shown to a service that asks for it.
            proxy: None: straight.
        """
        given = options(ca=ca, identity=identity, proxy=proxy)
        self._client = CurlClient(given, allows=_any, driver=_driver)
        self._warmth = Warmth()
        self._answered_at = -inf
        self._quiet_since = inf

    async def post(self, url: str, headers: Mapping[str, str], *, body: bytes, within: float) -> Answer:
        """Send one request; see `PushTransport`."""
        check_headers(headers)
        deadline = asyncio.get_running_loop().time() + within
        for _ in range(SENDINGS):
            try:
                return await self._send(url, headers, body, deadline=deadline)
            except UnprocessedError:
                continue
        raise UnprocessedError("the service refuses streams")

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes, *, deadline: float) -> Answer:
        clock = asyncio.get_running_loop().time
        began = clock()
        is_first = False
        if not self._warmth.is_warm(began):
            is_first = await self._warmth.turn(deadline)
            began = clock()
        try:
            answer = await self._client.exchange(url, headers, body=body, within=deadline - began)
        except UnansweredError as error:
            self._failed(error.reason, began, clock())
            raise
        except asyncio.CancelledError:  # the caller's time is over a moment before ours
            self._failed(SLOW, began, clock())
            raise
        finally:
            if is_first:
                self._warmth.release()
        self._answered_at = clock()
        self._quiet_since = inf
        self._warmth.keep(self._answered_at)
        return answer

    async def close(self) -> None:
        """Close the connection. What is under way ends at once."""
        self._client.close()

    def _failed(self, reason: str, began: float, now: float) -> None:
        """Judge the connection by a request that got no answer."""
        if reason not in (SLOW, RESET):
            self._warmth.lose()
        elif reason == SLOW and self._answered_at < began:
            self._quiet_since = min(self._quiet_since, began)
            if now - self._quiet_since >= DEAF_AFTER:
                self._quiet_since = inf
                self._warmth.lose()
                self._client.renew()


def _driver() -> CurlDriver:
    return CurlDriver(streams=STREAMS, per_host=CONNECTIONS)


def _any(_address: str) -> bool:
    """Allow it: the operator has named the service."""
    return True
