"""`/me`: what a phone does over HTTP for its own account. Credentials as in SIP: the account's digest."""

from __future__ import annotations

import binascii
from base64 import urlsafe_b64decode
from math import ceil
from typing import Annotated, Literal

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey
from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical
from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.device_token import SECONDS, open_token, seal_token
from ringwake.api.problems import Problem, answer
from ringwake.model.account import Account
from ringwake.model.app import AppKey, Provider
from ringwake.model.push import SubscriptionKeys
from ringwake.model.store_ops import PutSubscription
from ringwake.registrar.credentials import Authentication, Verdict
from ringwake.secret import Secret, Token
from ringwake.sip.errors import SipError
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request as DigestRequest

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
    provider: Literal["webpush", "unifiedpush"] | None = None
    """Whose endpoint it is, as the phone's Contact says it; a member of ours. Without it: a browser's, if any is."""


def me_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def token(request: Request) -> Response:
        account = _by_digest(backend, request)
        expires = int(backend.wall() + SECONDS)
        return answer({"token": seal_token(account, expires=expires, seal=backend.keys), "expires": expires})

    async def webpush(request: Request) -> Response:
        account = by_token(backend, request)
        subscription = await read_body(request, Subscription)
        key = _application(backend, account, subscription)
        named = Token(provider=key.provider.value, app=key.param, value=subscription.endpoint)
        keys = SubscriptionKeys(_point(subscription.keys.p256dh), Secret(_auth(subscription.keys.auth)))
        await durable(backend.store.do(PutSubscription(aor=account.aor, digest=named.digest, keys=keys)))
        return Response(status_code=204)

    return [Route("/me/token", token, methods=["POST"]), Route("/me/webpush", webpush, methods=["PUT"])]


def _by_digest(backend: Backend, request: Request) -> Account:
    """Return the account whose credentials the request has (RFC 7616)."""
    host = request.client.host if request.client else ""
    blocked = backend.limit.blocked_for(host, backend.clock())
    if blocked:
        raise Problem(429, "too many failed attempts from this address", {"retry-after": str(ceil(blocked))})
    asked = canonical(request.query_params.get("account", ""))
    realm = asked.rpartition("@")[2]
    if not backend.directory.is_local(realm):
        raise Problem(404, "say which account: /me/token?account=alice@example.com")
    found = _checked(backend, request, realm)
    if found.verdict is Verdict.RIGHT and found.account is not None:
        if found.account.aor != asked:
            raise Problem(403, "the credentials are those of another account")
        return found.account
    if found.verdict is Verdict.WRONG:
        backend.limit.failed(host, backend.clock())
    challenges = backend.authenticator.challenges(realm, backend.wall(), is_stale=found.verdict is Verdict.STALE)
    raise Problem(401, "credentials are wanted", {"www-authenticate": challenges[0]})


def _checked(backend: Backend, request: Request, realm: str) -> Authentication:
    headers = Headers()
    for text in request.headers.getlist("authorization"):
        headers.append("authorization", text)
    # The signed URI is the phone's word for it, as in SIP: proxies on the way may write it differently.
    digest = DigestRequest(headers, method=request.method, uri=request.scope["path"])

    def find(name: str) -> Account | None:
        return backend.directory.account(canonical(name if "@" in name else f"{name}@{realm}"))

    try:
        return backend.authenticator.check(digest, "authorization", realm, find=find, wall=backend.wall())
    except SipError as error:
        raise Problem(400, error.rule) from None


def by_token(backend: Backend, request: Request) -> Account:
    """Return the account of a device token."""
    kind, _, text = request.headers.get("authorization", "").partition(" ")
    account = None
    if kind.lower() == "bearer":
        account = open_token(text, find=backend.directory.account, wall=backend.wall(), seal=backend.keys)
    if account is None:
        raise Problem(401, "the device token is missing or over: POST /me/token", {"www-authenticate": "Bearer"})
    return account


def _application(backend: Backend, account: Account, subscription: Subscription) -> AppKey:
    asked = (subscription.provider,) if subscription.provider else ("webpush", "unifiedpush")
    keys = (AppKey(Provider(provider), account.tenant) for provider in asked)
    key = next((key for key in keys if backend.directory.app(key) is not None), None)
    if key is None:
        named = "UnifiedPush" if subscription.provider == "unifiedpush" else "Web Push"
        raise Problem(404, f"this server has no {named} application")
    return key


def _point(text: str) -> bytes:
    octets = _decoded(text)
    try:
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), octets)
    except ValueError:
        octets = b""
    if len(octets) != _POINT_OCTETS:  # a compressed one is shorter
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
