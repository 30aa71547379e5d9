"""Both transports, made in the same way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Protocol

from tests.push.certificates import Certificates

from ringwake.push.errors import UnansweredError
from ringwake.push.transport.endpoint import EndpointPolicy
from ringwake.push.transport.http import Answer, PushTransport
from ringwake.push.transport.http_curl import CurlTransport
from ringwake.push.transport.http_provider import ProviderTransport
from ringwake.push.transport.identity import Identity
from ringwake.push.transport.proxy import Proxy


class Make(Protocol):
    """Makes a transport that trusts a CA."""

    def __call__(
        self, certs: Certificates, *, identity: Identity | None = None, proxy: Proxy | None = None
    ) -> PushTransport: ...


def provider(certs: Certificates, *, identity: Identity | None = None, proxy: Proxy | None = None) -> ProviderTransport:
    return ProviderTransport(ca=certs.ca.read_bytes(), identity=identity, proxy=proxy)


def curl(certs: Certificates, *, identity: Identity | None = None, proxy: Proxy | None = None) -> CurlTransport:
    policy = EndpointPolicy(allow_private=True)
    return CurlTransport(policy, ca=certs.ca.read_bytes(), identity=identity, proxy=proxy)


async def post(
    transport: PushTransport,
    url: str,
    headers: Mapping[str, str] | None = None,
    *,
    body: bytes = b"x",
    within: float = 5.0,
) -> Answer:
    """Send one request."""
    return await transport.post(url, headers or {}, body=body, within=within)


async def statuses(transport: PushTransport, url: str, count: int, *, at_once: int = 100) -> list[int]:
    """Post many times; 0 stands for no answer."""
    room = asyncio.Semaphore(at_once)

    async def one() -> int:
        async with room:
            try:
                return (await post(transport, url)).status
            except UnansweredError:
                return 0

    return await asyncio.gather(*(one() for _ in range(count)))


@asynccontextmanager
async def opened(transport: PushTransport) -> AsyncIterator[PushTransport]:
    """Close a transport at the end."""
    try:
        yield transport
    finally:
        await transport.close()
