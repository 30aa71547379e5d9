"""Both transports, made in the same way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import TypeAlias

from tests.push.certificates import Certificates

from ringwake.push.endpoint import EndpointPolicy
from ringwake.push.errors import UnansweredError
from ringwake.push.http import Answer, PushTransport
from ringwake.push.http_curl import CurlTransport
from ringwake.push.http_reqwest import ReqwestTransport

Make: TypeAlias = Callable[[Certificates], PushTransport]


def reqwest(certs: Certificates) -> PushTransport:
    return ReqwestTransport(ca=certs.ca.read_bytes())


def curl(certs: Certificates) -> PushTransport:
    return CurlTransport(EndpointPolicy(allow_private=True), ca=certs.ca.read_bytes())


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
