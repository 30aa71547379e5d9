"""`/me`: what a phone does over HTTP for its own account. Credentials as in SIP: the account's digest."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from math import ceil
from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.problems import Problem, answer
from ringwake.model.account import Account, Aor
from ringwake.model.push import SubscriptionKeys
from ringwake.model.store_ops import PutSubscription
from ringwake.registrar.credentials import Verdict
from ringwake.secret import Secret, Token
from ringwake.sip.errors import SipError
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request as DigestRequest

TOKEN_SECONDS = 86400.0
_PURPOSE = "device token"
_POINT_OCTETS = 65
_AUTH_OCTETS = 16


class Keys(Struct):
    """Member `keys` of PushSubscription.toJSON()."""

    p256dh: Annotated[str, Meta(max_length=100)]
    auth: Annotated[str, Meta(max_length=40)]


class Subscription(Struct):
    """What PushSubscription.toJSON() gives; members that we do not use are ignored."""

    endpoint: Annotated[str, Meta(min_length=9, max_length=1024)]
    keys: Keys


def me_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def token(request: Request) -> Response:
        account = _by_digest(backend, request)
        expires = int(backend.wall() + TOKEN_SECONDS)
        sealed = backend.keys.seal(_PURPOSE, f"{expires} {account.aor}".encode("utf-8", "surrogateescape"))
        return answer({"token": sealed, "expires": expires})

    async def webpush(request: Request) -> Response:
        account = _by_token(backend, request)
        subscription = await read_body(request, Subscription)
        app = backend.directory.webpush(account.tenant)
        if app is None:
            raise Problem(404, "this server has no Web Push application")
        named = Token(provider=app.key.provider.value, app=app.key.param, value=subscription.endpoint)
        keys = SubscriptionKeys(_point(subscription.keys.p256dh), Secret(_auth(subscription.keys.auth)))
        await durable(backend.store.do(PutSubscription(aor=account.aor, digest=named.digest, keys=keys)))
        return Response(status_code=204)

    return [Route("/me/token", token, methods=["POST"]), Route("/me/webpush", webpush, methods=["PUT"])]


def _by_digest(backend: Backend, request: Request) -> Account:
    """Return the account whose credentials the request has (RFC 7616)."""
    host = request.client.host if request.client else ""
    blocked = backend.limit.blocked_for(host, backend.clock())
    if blocked:
        raise Problem(503, "too many failed attempts from this address", {"retry-after": str(ceil(blocked))})
    asked = request.query_params.get("account", "")
    realm = asked.rpartition("@")[2].lower()
    if not backend.directory.is_local(realm):
        raise Problem(404, "say which account: /me/token?account=alice@example.com")
    path = f"{request.url.path}?{request.url.query}" if request.url.query else request.url.path
    headers = Headers()
    for text in request.headers.getlist("authorization"):
        headers.append("authorization", text)
    digest = DigestRequest(headers, method=request.method, uri=path)
    try:
        found = backend.authenticator.check(
            digest,
            "authorization",
            realm,
            find=lambda name: backend.directory.account(Aor(name if "@" in name else f"{name}@{realm}")),
            wall=backend.wall(),
        )
    except SipError as error:
        raise Problem(400, error.rule) from None
    if found.verdict is Verdict.RIGHT and found.account is not None and found.account.aor == asked:
        return found.account
    if found.verdict is Verdict.WRONG:
        backend.limit.failed(host, backend.clock())
    challenges = backend.authenticator.challenges(realm, backend.wall(), is_stale=found.verdict is Verdict.STALE)
    raise Problem(401, "credentials are wanted", {"www-authenticate": challenges[0]})


def _by_token(backend: Backend, request: Request) -> Account:
    """Return the account of a device token."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    payload = backend.keys.open(_PURPOSE, text) if kind.lower() == "bearer" else None
    expires, _, aor = (payload or b"0 ").decode("utf-8", "surrogateescape").partition(" ")
    account = backend.directory.account(Aor(aor))
    if account is None or int(expires) < backend.wall():
        raise Problem(401, "the device token is missing or over: POST /me/token", {"www-authenticate": "Bearer"})
    return account


def _point(text: str) -> bytes:
    octets = _decoded(text)
    if len(octets) != _POINT_OCTETS or octets[0] != 4:
        raise Problem(422, "keys.p256dh is no uncompressed P-256 point in base64url")
    return octets


def _auth(text: str) -> bytes:
    octets = _decoded(text)
    if len(octets) != _AUTH_OCTETS:
        raise Problem(422, "keys.auth is not 16 octets in base64url")
    return octets


def _decoded(text: str) -> bytes:
    try:
        return urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
    except (binascii.Error, ValueError):
        return b""
