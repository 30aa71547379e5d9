"""Whether a push service is reached: one GET of its front page, by the library and the way that pushes go."""

from __future__ import annotations

from dataclasses import dataclass

import pycurl

from ringwake.push.access import ApnsAccess, FcmAccess, HmsAccess, HookAccess, Reach, read_ca
from ringwake.push.retry_after import epoch_seconds
from ringwake.push.transport.curl_client import judged
from ringwake.push.transport.curl_driver import CurlDriver
from ringwake.push.transport.curl_handle import CurlHandle
from ringwake.push.transport.curl_options import options
from ringwake.push.transport.identity import read_identity
from ringwake.push.transport.proxy import read_proxy

_VERSIONS = {pycurl.CURL_HTTP_VERSION_2_0: 2, pycurl.CURL_HTTP_VERSION_1_1: 1, pycurl.CURL_HTTP_VERSION_1_0: 1}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A service that has answered, whatever it said."""

    address: str
    """Of the service, or of the proxy before it."""
    http: int
    """Major version of HTTP that was negotiated."""
    date: float | None
    """Epoch seconds by the service's own clock, if it told them."""


def origins(access: Reach) -> tuple[str, ...]:
    """Return the origins of all hosts that an application's pushes need, as `https://host[:port]`.

    Empty for Web Push and UnifiedPush, whose phones say where they are pushed to.
    """
    match access:
        case ApnsAccess():
            named = [access.endpoint, access.other_endpoint]
        case FcmAccess():
            named = [access.endpoint, str(access.service_account.get("token_uri", ""))]
        case HmsAccess():
            named = [access.endpoint, access.token_endpoint]
        case HookAccess():
            named = [access.endpoint]
        case _:
            named = []
    return tuple(dict.fromkeys("/".join(url.split("/")[:3]) for url in named if url))


async def reach(origin: str, access: Reach, *, within: float) -> Reached:
    """Ask for the front page: a name is resolved, a connection opened, a certificate checked, HTTP negotiated.

    Args:
        origin: `https://host[:port]`.
        access: says whom to trust, who we are and by which proxy to go.
        within: seconds.

    Raises:
        UnansweredError: the service was not reached, and how far it went.
        CredentialsError: `access` cannot be used.
    """
    given = options(ca=read_ca(access.ca_file), identity=read_identity(access.identity), proxy=read_proxy(access.proxy))
    # A driver of its own: the connection must be a new one, and no push stands behind it.
    driver, handle = CurlDriver(), CurlHandle(given, allows=_any)
    try:
        handle.ask(f"{origin}/", {}, body=b"", within=within)
        handle.curl.setopt(pycurl.HTTPGET, 1)
        answer = judged(handle, await driver.run(handle.curl))
        return Reached(
            address=handle.curl.getinfo(pycurl.PRIMARY_IP),
            http=_VERSIONS.get(handle.curl.getinfo(pycurl.INFO_HTTP_VERSION), 0),
            date=epoch_seconds(answer.headers.get("date", "")),
        )
    finally:
        driver.close(pycurl.E_ABORTED_BY_CALLBACK)
        handle.curl.close()


def _any(_address: str) -> bool:
    """Allow it: the operator has named the service."""
    return True
