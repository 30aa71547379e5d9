"""The phone's HTTP side (`/me`): a device token by the account's digest credentials, and what is done with it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from http import HTTPStatus
from typing import Any, TypeAlias, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import RequestError

from ringwake.model.ports import Ids
from ringwake.secret import Secret
from ringwake.sip.digest import Challenge, authorize, parse_challenge
from ringwake.sip.errors import ParseError
from ringwake.softphone.pushbox import BrowserSubscription
from ringwake.ua.identity import Identity

SECONDS = 10.0
_UNAUTHORIZED, _OUTDATED, _REFUSED = HTTPStatus.UNAUTHORIZED, HTTPStatus.PRECONDITION_FAILED, 300
_STRANGE = "what answers there is no phone API"

T = TypeVar("T")
Json: TypeAlias = dict[str, Any]


class AccountApiError(Exception):
    """The phone API cannot be reached, or refuses."""


class OutdatedError(AccountApiError):
    """The settings were changed meanwhile; nothing was changed now."""


@dataclass(frozen=True, slots=True)
class KeptSettings:
    """Settings as the server has them (docs/reference/settings.md)."""

    document: Json
    tag: str
    """Names this version of them."""


class AccountApi:
    """One account's. It keeps the device token, and obtains another when that is over."""

    def __init__(self, url: str, *, identity: Identity, ids: Ids, ca: bytes | None) -> None:
        """Ask nothing yet.

        Args:
            url: of the phone API, without a path.
            identity: the account.
            ids: for the cnonce.
            ca: PEM of the authorities, None for the system's.
        """
        self._url = url
        self._identity = identity
        self._ids = ids
        self._ca = ca
        self._token: Secret[str] | None = None

    async def put_subscription(self, subscription: BrowserSubscription) -> None:
        """Hand the server the keys by which it encrypts pushes to this browser or app (RFC 8291).

        Raises:
            AccountApiError: the API cannot be reached, or refuses.
        """
        body = {
            "endpoint": subscription.endpoint.reveal(),
            "provider": subscription.provider,
            "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth.reveal()},
        }
        await self._ask(_Errand("PUT", "/me/webpush", "the push subscription", body))

    async def settings(self) -> KeptSettings:
        """Read the account's settings.

        Raises:
            AccountApiError: the API cannot be reached, or refuses.
        """
        return _kept(await self._ask(_Errand("GET", "/me/settings", "to say the settings")))

    async def change_settings(self, patch: Json, *, tag: str = "") -> KeptSettings:
        """Change settings; returns all of them as they are then.

        Args:
            patch: a merge patch (RFC 7396).
            tag: of the version that the patch was made from; empty: whatever it is.

        Raises:
            OutdatedError: `tag` is that of another version.
            AccountApiError: the API cannot be reached, or refuses.
        """
        return _kept(await self._ask(_Errand("PATCH", "/me/settings", "the settings", patch, tag)))

    async def history(self, *, kind: str = "", only_unread: bool = False) -> list[Json]:
        """Read the account's calls and messages, newest first (docs/reference/history.md).

        Args:
            kind: `call` or `message`; empty: both.
            only_unread: leave out what was looked at.

        Raises:
            AccountApiError: the API cannot be reached, or refuses.
        """
        asked = {"kind": kind, "unread": "true" if only_unread else ""}
        query = urlencode({name: value for name, value in asked.items() if value})
        answer = await self._ask(_Errand("GET", f"/me/history?{query}", "to say the history"))
        listed: list[Json] = answer.json(list)
        return listed

    async def mark_read(self, entries: Sequence[str] = (), *, instance: str = "") -> int:
        """Say that somebody has looked at calls and messages; returns how many are still unread.

        Args:
            entries: their ids; empty: all that there are.
            instance: `+sip.instance` of the phone, which is not told the new number then.

        Raises:
            AccountApiError: the API cannot be reached, or refuses.
        """
        body = {"ids": list(entries), "instance": instance}
        answer = await self._ask(_Errand("POST", "/me/read", "to take them for read", body))
        unread = answer.json(dict).get("unread")
        if not isinstance(unread, int):
            raise AccountApiError(_STRANGE)
        return unread

    async def _ask(self, errand: _Errand) -> _Answer:
        """Ask with the device token; one that is over is replaced once."""
        builder = ClientBuilder().timeout(timedelta(seconds=SECONDS)).error_for_status(enable=False)
        if self._ca is not None:
            builder = builder.add_root_certificate_pem(self._ca)
        try:
            async with builder.build() as client:
                is_old = self._token is not None
                answer = await self._send(client, errand)
                if answer.status == _UNAUTHORIZED and is_old:
                    self._token = None
                    answer = await self._send(client, errand)
        except RequestError as error:
            raise AccountApiError(f"the phone API at {self._url} cannot be reached") from error
        if answer.status == _OUTDATED:
            raise OutdatedError("the settings were changed meanwhile")
        if answer.status >= _REFUSED:
            raise AccountApiError(f"the phone API refuses {errand.what} ({answer.status})")
        return answer

    async def _send(self, client: Client, errand: _Errand) -> _Answer:
        if self._token is None:
            self._token = await self._obtain(client)
        request = client.request(errand.method, self._url + errand.path)
        request = request.header("authorization", f"Bearer {self._token.reveal()}", is_sensitive=True)
        if errand.tag:
            request = request.header("if-match", errand.tag)
        if errand.body is not None:
            request = request.body_json(errand.body)
        response = await request.build().send()
        return _Answer(response.status, response.headers.get("etag") or "", await response.text())

    async def _obtain(self, client: Client) -> Secret[str]:
        """Obtain a device token: HTTP Digest (RFC 7616), once challenged."""
        identity = self._identity
        address = f"{self._url}/me/token?account={quote(f'{identity.user}@{identity.domain}')}"
        challenged = await client.post(address).build().send()
        challenge = _challenge(challenged.headers.get("www-authenticate") or "")
        if challenged.status != _UNAUTHORIZED or challenge is None or challenge.algorithm is None:
            raise AccountApiError(f"the phone API offers no digest challenge ({challenged.status})")
        parts = urlsplit(address)
        credentials = authorize(
            challenge,
            username=identity.user,
            password=identity.password.reveal(),
            request=("POST", f"{parts.path}?{parts.query}"),
            cnonce=self._ids.hex(16),
        )
        response = await client.post(address).header("authorization", credentials).build().send()
        if response.status != HTTPStatus.OK:
            raise AccountApiError(f"the phone API refuses the credentials ({response.status})")
        try:
            return Secret(str(json.loads(await response.text())["token"]))
        except (ValueError, KeyError, TypeError):
            raise AccountApiError(_STRANGE) from None


@dataclass(frozen=True, slots=True)
class _Errand:
    method: str
    path: str
    what: str
    """In words, as what may be refused."""
    body: Json | None = None
    tag: str = ""


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    tag: str
    text: str

    def json(self, kind: type[T]) -> T:
        """Return the body, which must be of a kind."""
        try:
            value = json.loads(self.text)
        except ValueError:
            value = None
        if not isinstance(value, kind):
            raise AccountApiError(_STRANGE)
        return value


def _kept(answer: _Answer) -> KeptSettings:
    return KeptSettings(answer.json(dict), answer.tag)


def _challenge(text: str) -> Challenge | None:
    try:
        return parse_challenge(text)
    except ParseError:
        return None
