"""`/api/v1/accounts`: the accounts of all tenants."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta, Struct
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical, new_aor
from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.problems import Problem, answer
from ringwake.model.account import Account
from ringwake.model.account_ops import PutAccount, RemoveAccount
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1


class NewAccount(Struct, forbid_unknown_fields=True):
    """Body of a POST."""

    aor: Annotated[str, Meta(min_length=3, max_length=255)]
    password: Annotated[str, Meta(min_length=1, max_length=255)]


def account_routes(backend: Backend) -> list[Route]:
    """Return the routes."""

    async def list_accounts() -> Response:
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

    async def accounts(request: Request) -> Response:
        # One route: of two with the same path, only the first would stand in the Allow of a 405.
        return await (add(request) if request.method == "POST" else list_accounts())

    async def remove(request: Request) -> Response:
        aor = canonical(request.path_params["aor"])
        if backend.directory.is_fixed(aor):
            raise Problem(409, f"{aor} stands in the configuration file: remove it there")
        if not await durable(backend.store.do(RemoveAccount(aor=aor))):
            raise Problem(404, f"there is no account {aor}")
        backend.directory.remove(aor)
        return Response(status_code=204)

    path = "/api/v1/accounts"
    return [
        Route(path, accounts, methods=["GET", "POST"]),
        Route(f"{path}/{{aor:path}}", remove, methods=["DELETE"]),
    ]


def make_account(aor: str, password: Secret[str]) -> Account:
    """Make an account; only hashes of the password are kept.

    Raises:
        Problem: 422, the address of record is none.
    """
    name = new_aor(aor)
    user, _, tenant = name.rpartition("@")
    return Account(
        aor=name,
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
