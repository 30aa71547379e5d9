"""Requests by libcurl: handles that are used again, the connections they share, and what curl's codes mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pycurl

from ringwake.push.errors import UnansweredError, UnprocessedError, UnsendableError
from ringwake.push.transport.curl_driver import CurlDriver
from ringwake.push.transport.curl_handle import CurlHandle
from ringwake.push.transport.curl_options import Options
from ringwake.push.transport.http import Answer

IDLE_HANDLES = 1000
SLOW = "no answer in time"
RESET = "request reset"
"""The service ended this request alone; the connection is well."""
_GAVE_UP = "before giving up"
"""Stands in curl's words for a request that it has sent again and again, and that the service each time refused."""
_STREAM_ERROR = 92  # CURLE_HTTP2_STREAM, which pycurl does not name
# Its own texts name hosts and addresses that a stranger has chosen.
_REASONS = {
    pycurl.E_COULDNT_RESOLVE_PROXY: "unknown proxy",
    pycurl.E_COULDNT_RESOLVE_HOST: "unknown host",
    pycurl.E_COULDNT_CONNECT: "connection refused",
    pycurl.E_OPERATION_TIMEDOUT: SLOW,
    pycurl.E_PEER_FAILED_VERIFICATION: "invalid peer certificate",
    pycurl.E_SSL_CERTPROBLEM: "unusable client certificate",
    pycurl.E_SSL_CONNECT_ERROR: "TLS failed",
    pycurl.E_SEND_ERROR: "connection lost",
    pycurl.E_RECV_ERROR: "connection lost",
    pycurl.E_GOT_NOTHING: "connection lost",
    pycurl.E_HTTP2: "connection lost",
    _STREAM_ERROR: RESET,
    pycurl.E_ABORTED_BY_CALLBACK: "closed",
}


class CurlClient:
    """Connections to any number of hosts."""

    def __init__(self, options: Options, *, allows: Callable[[str], bool], driver: Callable[[], CurlDriver]) -> None:
        """Prepare; nothing is opened before the first request.

        Args:
            options: what all requests have in common.
            allows: tells whether a connection to an address may be opened.
            driver: makes what runs the transfers, in the running loop.
        """
        self._options = options
        self._allows = allows
        self._make_driver = driver
        self._driver: CurlDriver | None = None
        self._retired: list[CurlDriver] = []
        """Replaced ones, while something is still under way there."""
        self._idle: list[CurlHandle] = []
        self._is_closed = False

    async def exchange(
        self, url: str, headers: Mapping[str, str], *, body: bytes, within: float, address: str = ""
    ) -> Answer:
        """Send one request; see `PushTransport.post`. With an address the proxy connects to that one.

        Raises:
            UnansweredError: nothing came, or not in time.
            UnsendableError: the name led only to addresses that are not allowed.
        """
        if self._is_closed:
            raise UnansweredError("closed")
        if self._driver is None:
            self._driver = self._make_driver()
        handle = self._idle.pop() if self._idle else CurlHandle(self._options, allows=self._allows)
        try:
            handle.ask(url, headers, body=body, within=within)
            if address:
                handle.pin(address)
            return judged(handle, await self._driver.run(handle.curl))
        finally:
            self._put_back(handle)

    def renew(self) -> None:
        """Use the connections no more. What is under way may still be answered; the next request connects anew."""
        driver, self._driver = self._driver, None
        if driver is not None:
            driver.retire()
            self._retired = [one for one in (*self._retired, driver) if not one.is_closed]

    def close(self) -> None:
        """Close all connections and let go of the handles."""
        self._is_closed = True
        for driver in (self._driver, *self._retired):
            if driver is not None:
                driver.close(pycurl.E_ABORTED_BY_CALLBACK)
        for handle in self._idle:
            handle.curl.close()
        self._idle.clear()

    def _put_back(self, handle: CurlHandle) -> None:
        if self._is_closed or len(self._idle) >= IDLE_HANDLES:
            handle.curl.close()
        else:
            self._idle.append(handle)


def judged(handle: CurlHandle, code: int) -> Answer:
    """Return the answer of a transfer that has ended.

    Raises:
        UnprocessedError: the service says that it has not looked at the request.
        UnansweredError: there is none.
        UnsendableError: the name led only to addresses that are not allowed.
    """
    if code == 0 or (code == pycurl.E_WRITE_ERROR and handle.is_full):
        return handle.answer()
    if handle.is_refused and code == pycurl.E_COULDNT_CONNECT:
        raise UnsendableError("address not public")
    said = handle.curl.getinfo(pycurl.HTTP_CONNECTCODE)
    if said and said != 200:
        raise UnansweredError(f"proxy: HTTP {said}")
    if code == pycurl.E_RECV_ERROR and _GAVE_UP in handle.curl.errstr():
        raise UnprocessedError("the service refuses streams")
    raise UnansweredError(_REASONS.get(code, f"curl error {code}"))
