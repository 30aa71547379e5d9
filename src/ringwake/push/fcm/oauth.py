"""Google's access token: kept, renewed ahead, and never by two at once.

google-auth signs and parses, in a thread; the request goes through pyreqwest's synchronous client, so that Google's
`requests` transport is not needed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, timedelta
from typing import Any

from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.exceptions import TransportError as GoogleTransportError
from google.auth.transport import Request
from google.oauth2.service_account import Credentials
from pyreqwest.client import SyncClient, SyncClientBuilder
from pyreqwest.exceptions import PyreqwestError

from ringwake.push.errors import CredentialsError, PushError, UnansweredError
from ringwake.push.http_reqwest import ca_errors, configured

SCOPE = "https://www.googleapis.com/auth/firebase.messaging"
AHEAD = 300.0
"""Seconds before its end at which a token is replaced, while pushes still use it."""
RETRY_AFTER = 60.0
"""Seconds until a renewal ahead, or a refused account, is tried again."""
SILENCE = 1.0
"""Seconds for which Google is left alone after it gave no answer, while pushes wait for a token (reliability F4)."""
USUAL_LIFE = 3599.0
"""Of a token whose end Google does not name."""
REQUEST_SECONDS = 10.0
REPLY_LIMIT = 65536
_TRANSIENT = frozenset({408, 429, 500, 502, 503, 504})


class OAuthRefusedError(PushError):
    """Google does not accept the service account."""


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
        return reply


class AccessToken:
    """The access token of one service account."""

    def __init__(self, account: Mapping[str, str], *, ca: bytes | None, wall: Callable[[], float]) -> None:
        """Prepare; the first push gets the first token.

        Args:
            account: a service account's key file, read from JSON.
            ca: certificates in PEM, trusted beside those of the system.
            wall: epoch seconds now.

        Raises:
            CredentialsError: the account lacks something, or its key cannot be read.
        """
        try:
            self._credentials = Credentials.from_service_account_info(account, scopes=[SCOPE])  # type: ignore[no-untyped-call]  # half typed
        except (GoogleAuthError, ValueError, TypeError, KeyError):
            raise CredentialsError("not a Google service account with a private key") from None
        if not str(account["token_uri"]).startswith("https://"):
            raise CredentialsError("the service account's token_uri is not https")
        with ca_errors():
            self._client = configured(SyncClientBuilder().http2(True), ca).build()
        self._wall = wall
        self._text = ""
        self._expires_at = 0.0
        self._failed_at = 0.0
        self._failure: UnansweredError | OAuthRefusedError | None = None
        self._renewal: asyncio.Task[None] | None = None
        self._is_closed = False

    async def current(self) -> str:
        """Return the token; while an old one is good nobody waits for the new one.

        Raises:
            UnansweredError: there is none, and Google does not answer.
            OAuthRefusedError: there is none, and Google gives none.
        """
        now = self._wall()
        if now >= self._expires_at:
            await self._renewed()
        elif now >= self._expires_at - AHEAD and not self._rests(RETRY_AFTER):
            self._start()
        return self._text

    async def replace(self, refused: str) -> str | None:
        """Return a newer token than one that FCM did not take, or None when there is none."""
        if self._text == refused:
            self._expires_at = 0.0
            await self._renewed()
        return self._text if self._text != refused else None

    async def close(self) -> None:
        """Stop; waits for a renewal that is under way, which the closed client ends."""
        self._is_closed = True
        await asyncio.to_thread(self._client.close)
        if self._renewal is not None:
            await asyncio.wait([self._renewal])

    async def _renewed(self) -> None:
        is_refused = isinstance(self._failure, OAuthRefusedError)
        if self._failure is not None and not self._is_closed and self._rests(RETRY_AFTER if is_refused else SILENCE):
            raise type(self._failure)(self._failure.reason)
        # A caller that is cancelled must not take the others' renewal with it.
        await asyncio.shield(self._start())

    def _start(self) -> asyncio.Task[None]:
        if self._is_closed:
            raise UnansweredError("closed")
        if self._renewal is None:
            self._renewal = asyncio.create_task(self._renew(), name="fcm-oauth")
            self._renewal.add_done_callback(self._ended)
        return self._renewal

    def _ended(self, renewal: asyncio.Task[None]) -> None:
        self._renewal = None
        if not renewal.cancelled():
            renewal.exception()  # whoever waits for it gets it; a renewal ahead has no one

    async def _renew(self) -> None:
        try:
            await asyncio.to_thread(self._credentials.refresh, _Carrier(self._client))
        except GoogleAuthError as error:
            raise self._failed(error) from None
        expiry = self._credentials.expiry
        self._text = self._credentials.token
        self._expires_at = self._wall() + USUAL_LIFE if expiry is None else expiry.replace(tzinfo=UTC).timestamp()
        self._failure = None

    def _rests(self, seconds: float) -> bool:
        """Tell whether Google failed less than so many seconds ago."""
        return self._failure is not None and 0 <= self._wall() - self._failed_at < seconds

    def _failed(self, error: GoogleAuthError) -> UnansweredError | OAuthRefusedError:
        is_refused = isinstance(error, RefreshError) and not error.retryable
        self._failed_at = self._wall()
        self._failure = (
            OAuthRefusedError("OAuth: the service account is refused")
            if is_refused
            else UnansweredError("OAuth: no answer")
        )
        return self._failure
