"""The phone's HTTP side: a device token by the account's digest credentials, then a browser's push keys (`/me`)."""

from __future__ import annotations

import json
from datetime import timedelta
from urllib.parse import quote, urlsplit

from pyreqwest.client import Client, ClientBuilder
from pyreqwest.exceptions import RequestError

from ringwake.model.ports import Ids
from ringwake.sip.digest import Challenge, authorize, parse_challenge
from ringwake.sip.errors import ParseError
from ringwake.softphone.pushbox import BrowserSubscription
from ringwake.ua.identity import Identity

SECONDS = 10.0


class AccountApiError(Exception):
    """The phone API cannot be reached, or refuses."""


async def put_subscription(
    url: str, subscription: BrowserSubscription, *, identity: Identity, ids: Ids, ca: bytes | None
) -> None:
    """Hand the server the keys by which it encrypts pushes to this browser or app (RFC 8291).

    Args:
        url: of the phone API, without a path.
        subscription: the browser's or app's.
        identity: the account.
        ids: for the cnonce.
        ca: PEM of the authorities, None for the system's.

    Raises:
        AccountApiError: the API cannot be reached, or refuses.
    """
    builder = ClientBuilder().timeout(timedelta(seconds=SECONDS)).error_for_status(enable=False)
    if ca is not None:
        builder = builder.add_root_certificate_pem(ca)
    body = {
        "endpoint": subscription.endpoint.reveal(),
        "provider": subscription.provider,
        "keys": {"p256dh": subscription.p256dh, "auth": subscription.auth.reveal()},
    }
    try:
        async with builder.build() as client:
            token = await _token(client, url, identity, ids)
            request = client.put(f"{url}/me/webpush").header("authorization", f"Bearer {token}")
            response = await request.body_json(body).build().send()
    except RequestError as error:
        raise AccountApiError(f"the phone API at {url} cannot be reached") from error
    if response.status >= 300:
        raise AccountApiError(f"the phone API refuses the push subscription ({response.status})")


async def _token(client: Client, url: str, identity: Identity, ids: Ids) -> str:
    """Obtain a device token: HTTP Digest (RFC 7616), once challenged."""
    address = f"{url}/me/token?account={quote(f'{identity.user}@{identity.domain}')}"
    challenged = await client.post(address).build().send()
    challenge = _challenge(challenged.headers.get("www-authenticate") or "")
    if challenged.status != 401 or challenge is None or challenge.algorithm is None:
        raise AccountApiError(f"the phone API offers no digest challenge ({challenged.status})")
    parts = urlsplit(address)
    credentials = authorize(
        challenge,
        username=identity.user,
        password=identity.password.reveal(),
        request=("POST", f"{parts.path}?{parts.query}"),
        cnonce=ids.hex(16),
    )
    response = await client.post(address).header("authorization", credentials).build().send()
    if response.status != 200:
        raise AccountApiError(f"the phone API refuses the credentials ({response.status})")
    try:
        return str(json.loads(await response.text())["token"])
    except (ValueError, KeyError, TypeError):
        raise AccountApiError(f"what answers at {url} is no phone API") from None


def _challenge(text: str) -> Challenge | None:
    try:
        return parse_challenge(text)
    except ParseError:
        return None
