"""HTTP/2 to the providers by pyreqwest: one client is one warm connection to one host (push-services 7.1).

Its error texts hold the URL, and with it the token, so none of them is passed on as it is.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import timedelta
from typing import TypeVar

from pyreqwest.client import BaseClientBuilder, Client, ClientBuilder
from pyreqwest.exceptions import ClientClosedError, DetailedPyreqwestError, PyreqwestError, RequestTimeoutError
from pyreqwest.request import StreamRequest

from ringwake.push.errors import CredentialsError, UnansweredError
from ringwake.push.fields import check_headers
from ringwake.push.http import ACK_SECONDS, BODY_LIMIT, Answer
from ringwake.push.room import Room

B = TypeVar("B", bound=BaseClientBuilder)

PING_EVERY = timedelta(seconds=30)
PING_TIMEOUT = timedelta(seconds=15)
ALONE_SECONDS = 1.0
"""How long others wait for the first request on a connection. It teaches the client the server's limits."""
COLD_AFTER = 60.0
"""Idle seconds after which the server may have closed the connection, so that the next request is a first one."""
SENDINGS = 10
"""How often a request goes out that the service each time says it has not looked at. reqwest itself stops at three."""
USER_AGENT = "ringwake"
# How reqwest names REFUSED_STREAM, a stream above GOAWAY's last one, and one that waited to be opened at GOAWAY.
_UNPROCESSED = frozenset(
    {
        "stream error received: refused stream before processing any application logic",
        "connection error received: not a result of an error",
        "runtime dropped the dispatch task",
    }
)


class ReqwestTransport:
    """A warm connection to a provider."""

    def __init__(self, *, ca: bytes | None = None, room: Room | None = None) -> None:
        """Prepare; nothing is opened before the first request.

        Args:
            ca: certificates in PEM, trusted beside those of the system.
            room: bounds the requests under way.
        """
        self._client: Client | None = _build(ca)
        self._room = room or Room()
        self._first = asyncio.Lock()
        self._warm_until = 0.0

    async def post(self, url: str, headers: Mapping[str, str], *, body: bytes, within: float) -> Answer:
        """Send one request; see `PushTransport`."""
        check_headers(headers)
        deadline = asyncio.get_running_loop().time() + within
        async with self._room.place(deadline):
            for _ in range(SENDINGS):
                async with self._turn(deadline):
                    answer = await self._send(url, headers, body, deadline=deadline)
                if answer is not None:
                    return answer
        raise UnansweredError("the service refuses streams")

    async def close(self) -> None:
        """Close the connection. What is under way ends at once here, at its time-out for the server."""
        client, self._client = self._client, None
        if client is not None:
            await client.close()

    async def _send(self, url: str, headers: Mapping[str, str], body: bytes, *, deadline: float) -> Answer | None:
        """Send once; None when the service says that it has not looked at the request (RFC 9113 section 8.7)."""
        loop = asyncio.get_running_loop()
        left = deadline - loop.time()
        if self._client is None:
            raise UnansweredError("closed")
        if left <= 0:
            raise UnansweredError("no answer in time")
        builder = self._client.post(url).headers(dict(headers)).body_bytes(body)
        try:
            # Only this time-out resets the stream; cancelling the task does not.
            answer = await _exchange(builder.timeout(timedelta(seconds=left)).build_streamed())
        except PyreqwestError as error:
            if not isinstance(error, RequestTimeoutError):
                self._warm_until = 0.0
            reason = _reason(error)
            if reason in _UNPROCESSED:
                return None
            raise UnansweredError(reason) from None
        self._warm_until = loop.time() + COLD_AFTER
        return answer

    @asynccontextmanager
    async def _turn(self, deadline: float) -> AsyncIterator[None]:
        """Let the first request after a connect go alone.

        A new connection allows one stream until the server's SETTINGS are known; a burst may cost the connection.
        """
        loop = asyncio.get_running_loop()
        is_alone = False
        if loop.time() >= self._warm_until:
            with suppress(TimeoutError):
                async with asyncio.timeout_at(min(deadline, loop.time() + ALONE_SECONDS)):
                    is_alone = await self._first.acquire()
        if is_alone and loop.time() < self._warm_until:
            self._first.release()
            is_alone = False
        try:
            yield
        finally:
            if is_alone:
                self._first.release()


def configured(builder: B, ca: bytes | None) -> B:
    """Set what all our clients have in common.

    The proxies of the environment are not used: what is on loopback must stay there.
    """
    builder.https_only(True).no_proxy().follow_redirects(False).referer(False).user_agent(USER_AGENT)
    builder.tcp_user_timeout(timedelta(seconds=ACK_SECONDS))
    builder.gzip(False).brotli(False).zstd(False).deflate(False)
    return builder if ca is None else builder.add_root_certificate_pem(ca)


@contextmanager
def ca_errors() -> Iterator[None]:
    """Say what a client that cannot be built means.

    Raises:
        CredentialsError: neither the system nor `ca` has a certificate to trust.
    """
    try:
        yield
    except PyreqwestError:
        raise CredentialsError("no usable CA certificates: install ca-certificates, or check ca_file") from None


def _build(ca: bytes | None) -> Client:
    builder = ClientBuilder().http2_prior_knowledge().pool_idle_timeout(None)
    builder = builder.http2_keep_alive_interval(PING_EVERY).http2_keep_alive_timeout(PING_TIMEOUT)
    with ca_errors():
        return configured(builder.http2_keep_alive_while_idle(True), ca).build()


async def _exchange(request: StreamRequest) -> Answer:
    async with request as response:
        body = bytearray()
        while len(body) < BODY_LIMIT and (part := await response.body_reader.read(BODY_LIMIT - len(body))):
            body += part
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(status=response.status, headers=headers, body=bytes(body))


def _reason(error: PyreqwestError) -> str:
    """Return the innermost cause without what it says of URLs."""
    match error:
        case RequestTimeoutError():
            return "no answer in time"
        case ClientClosedError():
            return "closed"
        case DetailedPyreqwestError(details={"causes": [*_, {"message": str(text)}]}):
            return text.partition("http")[0].rstrip(" :(")[:120] or type(error).__name__
        case _:
            return type(error).__name__
