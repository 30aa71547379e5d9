"""HTTP to endpoints that a client has supplied, by libcurl: it shows us the address before it connects (S14)."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from pathlib import Path

import pycurl

from ringwake.push.curl_driver import CurlDriver
from ringwake.push.curl_handle import CurlHandle
from ringwake.push.endpoint import EndpointPolicy
from ringwake.push.errors import UnansweredError, UnsendableError
from ringwake.push.fields import check_headers
from ringwake.push.http import Answer
from ringwake.push.room import Room

IDLE_HANDLES = 100
# Where systems keep the CA certificates that they trust: all in one file, and one in each file of a folder.
_PATHS = ssl.get_default_verify_paths()
_BUNDLES = (
    _PATHS.cafile,
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
_FOLDERS = (_PATHS.capath, "/etc/ssl/certs")
# Its own texts name hosts and addresses that a stranger has chosen.
_REASONS = {
    pycurl.E_COULDNT_RESOLVE_HOST: "unknown host",
    pycurl.E_COULDNT_CONNECT: "connection refused",
    pycurl.E_OPERATION_TIMEDOUT: "no answer in time",
    pycurl.E_PEER_FAILED_VERIFICATION: "invalid peer certificate",
    pycurl.E_SSL_CONNECT_ERROR: "TLS failed",
    pycurl.E_SEND_ERROR: "connection lost",
    pycurl.E_RECV_ERROR: "connection lost",
    pycurl.E_GOT_NOTHING: "connection lost",
    pycurl.E_HTTP2: "connection lost",
    pycurl.E_ABORTED_BY_CALLBACK: "closed",
}


class CurlTransport:
    """Connections to any number of hosts, within a policy."""

    def __init__(self, policy: EndpointPolicy, *, ca: bytes | None = None, room: Room | None = None) -> None:
        """Prepare; nothing is opened before the first request.

        Args:
            policy: which endpoints and addresses are allowed.
            ca: certificates in PEM, trusted beside those of the system.
            room: bounds the requests under way.
        """
        self._policy = policy
        self._trust = _trust(ca)
        self._room = room or Room()
        self._driver: CurlDriver | None = None
        self._idle: list[CurlHandle] = []
        self._is_closed = False

    async def post(self, url: str, headers: Mapping[str, str], *, body: bytes, within: float) -> Answer:
        """Send one request; see `PushTransport`."""
        check_headers(headers)
        self._policy.check(url)
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        async with self._room.place(deadline):
            if self._is_closed:
                raise UnansweredError("closed")
            if self._driver is None:
                self._driver = CurlDriver()
            handle = self._idle.pop() if self._idle else self._new_handle()
            try:
                handle.ask(url, headers, body=body, within=deadline - loop.time())
                return _judged(handle, await self._driver.run(handle.curl))
            finally:
                self._put_back(handle)

    async def close(self) -> None:
        """Close all connections and let go of the handles."""
        self._is_closed = True
        if self._driver is not None:
            self._driver.close()
        for handle in self._idle:
            handle.curl.close()
        self._idle.clear()

    def _new_handle(self) -> CurlHandle:
        return CurlHandle(trust=self._trust, allows=self._policy.allows_address)

    def _put_back(self, handle: CurlHandle) -> None:
        if self._is_closed or len(self._idle) >= IDLE_HANDLES:
            handle.curl.close()
        else:
            self._idle.append(handle)


def _judged(handle: CurlHandle, code: int) -> Answer:
    """Return the answer.

    Raises:
        UnansweredError: there is none.
        UnsendableError: the name led only to addresses that are not allowed.
    """
    if code == 0 or (code == pycurl.E_WRITE_ERROR and handle.is_full):
        return handle.answer()
    if handle.is_refused and code == pycurl.E_COULDNT_CONNECT:
        raise UnsendableError("address not public")
    raise UnansweredError(_REASONS.get(code, f"curl error {code}"))


def _trust(ca: bytes | None) -> tuple[tuple[int, str | bytes], ...]:
    """Return the options that say whom to trust. curl keeps a bundle in memory; a blob it reads for each connection."""
    if ca is None:
        bundle = next((name for name in _BUNDLES if name and Path(name).is_file()), None)
        return ((pycurl.CAINFO, bundle),) if bundle else ()
    folder = next((name for name in _FOLDERS if name and Path(name).is_dir()), None)
    return ((pycurl.CAINFO_BLOB, ca), *(((pycurl.CAPATH, folder),) if folder else ()))
