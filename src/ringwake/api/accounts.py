"""`/api/v1/accounts`: the accounts of all tenants."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.problems import Problem, answer
from ringwake.model.account import Account, Aor
from ringwake.model.store_ops import PutAccount, RemoveAccount
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1
from ringwake.sip.errors import SipError
from ringwake.sip.uri import parse_uri


class NewAccount(Struct, forbid_unknown_fields=True):
    """Body of a POST."""

    aor: Annotated[str, Meta(min_length=3, max_length=255)]
    password: Annotated[str, Meta(min_length=1, max_length=255)]


def account_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def list_accounts(_: Request) -> Response:
        return answer([_shown(backend, account) for account in backend.directory.accounts()])

    async def add(request: Request) -> Response:
        new = await read_body(request, NewAccount)
        account = make_account(new.aor, Secret(new.password))
        if not backend.directory.is_local(account.tenant):
            raise Problem(422, f"no tenant has the domain {account.tenant}: add [[tenant]] to the configuration")
        if backend.directory.is_fixed(account.aor):
            raise Problem(409, f"{account.aor} stands in the configuration file: change it there")
        is_new = await durable(backend.store.do(PutAccount(account=account)))
        backend.directory.put(account)
        return answer(_shown(backend, account), 201 if is_new else 200)

    async def remove(request: Request) -> Response:
        aor = Aor(request.path_params["aor"])
        if backend.directory.is_fixed(aor):
            raise Problem(409, f"{aor} stands in the configuration file: remove it there")
        if not await durable(backend.store.do(RemoveAccount(aor=aor))):
            raise Problem(404, f"there is no account {aor}")
        backend.directory.remove(aor)
        return Response(status_code=204)

    path = "/api/v1/accounts"
    return [
        Route(path, list_accounts, methods=["GET"]),
        Route(path, add, methods=["POST"]),
        Route(f"{path}/{{aor}}", remove, methods=["DELETE"]),
    ]


def make_account(aor: str, password: Secret[str]) -> Account:
    """Make an account; only hashes of the password are kept.

    Raises:
        Problem: 422, the address of record is none.
    """
    try:
        uri = parse_uri(f"sip:{aor}")
    except SipError as error:
        raise Problem(422, f"{aor!r} is no address of record like alice@example.com: {error.rule}") from None
    if uri.user is None or uri.port is not None or uri.params or uri.headers:
        raise Problem(422, f"{aor!r} is no address of record like alice@example.com")
    tenant = uri.aor.rpartition("@")[2]
    user = uri.aor.rpartition("@")[0]
    return Account(
        aor=Aor(uri.aor),
        tenant=tenant,
        ha1_md5=Secret(ha1(Algorithm.MD5, user, tenant, password.reveal())),
        ha1_sha256=Secret(ha1(Algorithm.SHA256, user, tenant, password.reveal())),
    )


def _shown(backend: Backend, account: Account) -> dict[str, object]:
    return {
        "aor": account.aor,
        "tenant": account.tenant,
        "source": "file" if backend.directory.is_fixed(account.aor) else "store",
    }
