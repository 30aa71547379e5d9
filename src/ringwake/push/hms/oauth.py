"""Huawei's access token: asked for by an app's id and secret (RFC 6749 section 4.4)."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

import msgspec

from ringwake.push.errors import UnansweredError
from ringwake.push.grant import AccessText, Lifetime
from ringwake.push.renewed_token import Grant, OAuthRefusedError, RenewedToken
from ringwake.push.transport.http import Answer, PushTransport
from ringwake.secret import Secret

REQUEST_SECONDS = 10.0
_FORM = {"content-type": "application/x-www-form-urlencoded"}


class _Granted(msgspec.Struct, frozen=True):
    access_token: AccessText
    expires_in: Lifetime


class AccessToken(RenewedToken):
    """The access token of one app."""

    def __init__(
        self, transport: PushTransport, *, url: str, app: str, secret: Secret[str], wall: Callable[[], float]
    ) -> None:
        """Prepare; the first push gets the first token.

        Args:
            transport: to the token service.
            url: of the token service.
            app: its app id, the client id of OAuth 2.0.
            secret: its app secret.
            wall: epoch seconds now.
        """
        super().__init__(wall=wall)
        self._transport = transport
        self._url = url
        self._app = app
        self._secret = secret

    async def _ask(self) -> Grant:
        fields = {"grant_type": "client_credentials", "client_id": self._app, "client_secret": self._secret.reveal()}
        try:
            answer = await self._transport.post(
                self._url, _FORM, body=urlencode(fields).encode(), within=REQUEST_SECONDS
            )
        except UnansweredError:
            raise UnansweredError("OAuth: no answer") from None
        granted = _granted(answer)
        return Grant(granted.access_token, self._wall() + granted.expires_in)

    async def _close(self) -> None:
        await self._transport.close()


def _granted(answer: Answer) -> _Granted:
    """Read a grant.

    Raises:
        UnansweredError: it is none, and may be one the next time.
        OAuthRefusedError: the app or its secret is not accepted.
    """
    if answer.status in (408, 429) or answer.status >= 500:
        raise UnansweredError("OAuth: no answer")
    try:
        if answer.status == 200:
            return msgspec.json.decode(answer.body, type=_Granted)
    except (msgspec.MsgspecError, ValueError, RecursionError):
        raise UnansweredError("OAuth: an answer that is none") from None
    raise OAuthRefusedError("OAuth: the app secret is refused")
