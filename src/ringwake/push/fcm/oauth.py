"""Google's access token: asked for in the name of a service account.

google-auth signs and parses, in a thread; the request goes through pyreqwest's synchronous client, so that Google's
`requests` transport is not needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, timedelta
from typing import Any

import msgspec
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.exceptions import TransportError as GoogleTransportError
from google.auth.transport import Request
from google.oauth2.service_account import Credentials
from pyreqwest.client import SyncClient
from pyreqwest.exceptions import PyreqwestError

from ringwake.push.errors import CredentialsError, UnansweredError
from ringwake.push.fcm.google_http import google_client
from ringwake.push.grant import AccessText, Lifetime
from ringwake.push.renewed_token import Grant, OAuthRefusedError, RenewedToken
from ringwake.push.transport.identity import Identity
from ringwake.push.transport.proxy import Proxy

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
USUAL_LIFE = 3599.0
"""Of a token whose end Google does not name."""
REQUEST_SECONDS = 10.0
REPLY_LIMIT = 65536
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class _Reply:
    """Of the shape of google.auth.transport.Response."""

    status: int
    headers: Mapping[str, str]
    data: bytes


class _Carrier(Request):
    """google-auth's way out, on pyreqwest."""

    def __init__(self, client: SyncClient) -> None:
        self._client = client

    def __call__(  # noqa: PLR0917 - google-auth's signature
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        **_: Any,
    ) -> _Reply:
        within = timedelta(seconds=timeout or REQUEST_SECONDS)
        try:
            builder = self._client.request(method, url).headers(dict(headers or {})).body_bytes(body or b"")
            with builder.timeout(within).build_streamed() as response:
                data = bytearray()
                while len(data) < REPLY_LIMIT and (part := response.body_reader.read(REPLY_LIMIT - len(data))):
                    data += part
                reply = _Reply(response.status, dict(response.headers.items()), bytes(data))
        except PyreqwestError as error:
            raise GoogleTransportError(type(error).__name__) from None  # type: ignore[no-untyped-call]  # half typed
        if reply.status in _TRANSIENT:
            # As an answer it would be tried again after a sleep; the next push does that.
            raise GoogleTransportError(f"HTTP {reply.status}")  # type: ignore[no-untyped-call]  # half typed
        return _sound(reply)


class _Granted(msgspec.Struct):
    access_token: AccessText
    expires_in: Lifetime | None = None


def _sound(reply: _Reply) -> _Reply:
    """Return an answer that google-auth can read: it trusts in what a grant is made of, and stumbles over the rest."""
    try:
        msgspec.json.decode(reply.data, type=_Granted if reply.status == 200 else dict[str, Any])
    except (ValueError, RecursionError):
        if reply.status == 200:
            raise GoogleTransportError("an answer that is none") from None  # type: ignore[no-untyped-call]  # half typed
        return replace(reply, data=b"{}")
    return reply


class AccessToken(RenewedToken):
    """The access token of one service account."""

    def __init__(
        self,
        account: Mapping[str, str],
        *,
        ca: bytes | None,
        wall: Callable[[], float],
        identity: Identity | None = None,
        proxy: Proxy | None = None,
    ) -> None:
        """Prepare; the first push gets the first token.

        Args:
            account: a service account's key file, read from JSON.
            ca: certificates in PEM, trusted beside those of the system.
            wall: epoch seconds now.
            identity: shown to a server that asks for it.
            proxy: None: straight.

        Raises:
            CredentialsError: the account lacks something, or its key cannot be read.
        """
        super().__init__(wall=wall)
        try:
            self._credentials = Credentials.from_service_account_info(account, scopes=[SCOPE])  # type: ignore[no-untyped-call]  # half typed
            self._credentials.sign_bytes(b"")  # a key of another kind shows now
        except (GoogleAuthError, ValueError, TypeError, KeyError, AttributeError):
            raise CredentialsError("not a Google service account with a private key") from None
        if not str(account["token_uri"]).startswith("https://"):
            raise CredentialsError("the service account's token_uri is not https")
        self._client = google_client(ca=ca, identity=identity, proxy=proxy)

    async def _ask(self) -> Grant:
        try:
            await asyncio.to_thread(self._credentials.refresh, _Carrier(self._client))
        except RefreshError as error:
            if not error.retryable:
                raise OAuthRefusedError("OAuth: the service account is refused") from None
            raise UnansweredError("OAuth: no answer") from None
        except GoogleAuthError:
            raise UnansweredError("OAuth: no answer") from None
        expiry = self._credentials.expiry
        until = self._wall() + USUAL_LIFE if expiry is None else expiry.replace(tzinfo=UTC).timestamp()
        return Grant(self._credentials.token, until)

    async def _close(self) -> None:
        await asyncio.to_thread(self._client.close)
