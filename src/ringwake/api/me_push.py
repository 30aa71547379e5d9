"""`/me/push`: the push token of a phone whose app cannot write it into its Contact (docs/reference/dialects.md)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.me import by_token
from ringwake.api.problems import Problem
from ringwake.model.store_ops import StrangeToken, TooManyAccounts
from ringwake.model.token_claims import TokenClaims
from ringwake.model.upload import PutUpload, RemoveUpload, Upload
from ringwake.registrar.push_target import push_target
from ringwake.sip.outbound import canonical_instance
from ringwake.sip.push_params import PushParams

_LONGEST_INSTANCE = 200


class PushBody(Struct, forbid_unknown_fields=True):
    """The values of RFC 8599's parameters, and whose they are."""

    provider: Annotated[str, Meta(min_length=1, max_length=20)]
    prid: Annotated[str, Meta(min_length=1, max_length=4200)]
    param: Annotated[str, Meta(max_length=300)] | None = None
    instance: Annotated[str, Meta(max_length=_LONGEST_INSTANCE)] = ""
    """`+sip.instance` of the phone's REGISTER. Without it: of the next phone that registers without a token."""


def push_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def put(request: Request) -> Response:
        account = by_token(backend, request)
        body = await read_body(request, PushBody)
        said = PushParams(provider=body.provider.lower(), param=body.param or None, prid=body.prid)
        target = push_target(said, account.tenant, backend.directory)
        if target is None:
            raise Problem(422, "this push service, application or token is not served here")
        upload = Upload(aor=account.aor, instance=_instance(body.instance), push=target, at=backend.wall())
        tenant = backend.directory.tenant(account.tenant)
        claims = tenant.token_claims if tenant else TokenClaims.ALLOW
        kept = await durable(backend.store.do(PutUpload(upload, claims)))
        if isinstance(kept, TooManyAccounts):
            raise Problem(403, "this push token is registered for too many accounts")
        if isinstance(kept, StrangeToken):
            raise Problem(403, "this push token is another phone's: name the instance, or register the token")
        return Response(status_code=204)

    async def delete(request: Request) -> Response:
        account = by_token(backend, request)
        instance = _instance(request.query_params.get("instance", ""))
        await durable(backend.store.do(RemoveUpload(aor=account.aor, instance=instance)))
        return Response(status_code=204)

    return [Route("/me/push", put, methods=["PUT"]), Route("/me/push", delete, methods=["DELETE"])]


def _instance(text: str) -> str:
    """Return the URN as a Contact has it, in angle brackets (RFC 5626 section 4.1); empty for none."""
    urn = text.removeprefix("<").removesuffix(">")
    return canonical_instance(f"<{urn}>") if urn else ""
