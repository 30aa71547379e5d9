"""HTTP to endpoints that a client has supplied, by libcurl: it shows us the address before it connects (S14)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from ringwake.push.fields import check_headers
from ringwake.push.transport.curl_client import CurlClient
from ringwake.push.transport.curl_driver import CurlDriver
from ringwake.push.transport.curl_options import options
from ringwake.push.transport.endpoint import EndpointPolicy
from ringwake.push.transport.http import Answer
from ringwake.push.transport.identity import Identity
from ringwake.push.transport.pins import Pins
from ringwake.push.transport.proxy import Proxy


class CurlTransport:
    """Connections to any number of hosts, within a policy."""

    def __init__(
        self,
        policy: EndpointPolicy,
        *,
        ca: bytes | None = None,
        identity: Identity | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        """Prepare; nothing is opened before the first request.

        Args:
            policy: which endpoints and addresses are allowed.
            ca: certificates in PEM, trusted beside those of the system.
            identity: shown to a server that asks for it.
            proxy: may have any address. It is told the address of an endpoint, which was looked at, not its name.
        """
        self._policy = policy
        self._pins = Pins(policy.allows_address) if proxy else None
        allows = policy.allows_address if proxy is None else _any
        self._client = CurlClient(options(ca=ca, identity=identity, proxy=proxy), allows=allows, driver=CurlDriver)

    async def post(self, url: str, headers: Mapping[str, str], *, body: bytes, within: float) -> Answer:
        """Send one request; see `PushTransport`."""
        check_headers(headers)
        endpoint = self._policy.check(url)
        address = ""
        if self._pins is not None:
            loop = asyncio.get_running_loop()
            deadline = loop.time() + within
            address = await self._pins.address(endpoint.host, endpoint.port, within=within)
            within = deadline - loop.time()
        return await self._client.exchange(url, headers, body=body, within=within, address=address)

    async def close(self) -> None:
        """Close all connections and let go of the handles."""
        self._client.close()
        if self._pins is not None:
            self._pins.close()


def _any(_address: str) -> bool:
    """Allow it: all that is connected to is the operator's own proxy."""
    return True
