"""`/api/v1/accounts`: the accounts of all tenants."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from ringwake.api.aor import canonical, new_aor
from ringwake.api.backend import Backend
from ringwake.api.bodies import durable, read_body
from ringwake.api.logins import NewLogin, keeps_logins, make_login, shown_login
from ringwake.api.problems import Problem, answer
from ringwake.model.account import Account, PbxLogin
from ringwake.model.account_ops import PutAccount, RemoveAccount
from ringwake.model.settings import UNCHOSEN
from ringwake.model.tenant import Tenant
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1

Password = Annotated[str, Meta(min_length=1, max_length=255)]


class NewAccount(Struct, forbid_unknown_fields=True):
    """Body of a POST."""

    aor: Annotated[str, Meta(min_length=3, max_length=255)]
    password: Password
    pbx: NewLogin | None = None
    """Its login at the PBX, if that is another than the phone's."""


class AccountChange(Struct, forbid_unknown_fields=True):
    """Body of a PUT: what it does not name stays as it is."""

    password: Password | UnsetType = UNSET
    pbx: NewLogin | UnsetType | None = UNSET
    """None: forgotten."""


def account_routes(backend: Backend) -> list[Route]:
    """Return the routes. One for each path: of two with the same, only the first would stand in the Allow of a 405."""

    async def accounts(request: Request) -> Response:
        return await _add(backend, request) if request.method == "POST" else _list(backend)

    async def account(request: Request) -> Response:
        return await (_change if request.method == "PUT" else _remove)(backend, request)

    path = "/api/v1/accounts"
    return [
        Route(path, accounts, methods=["GET", "POST"]),
        Route(f"{path}/{{aor:path}}", account, methods=["DELETE", "PUT"]),
    ]


def _list(backend: Backend) -> Response:
    return answer([_shown(backend, account) for account in backend.directory.accounts()])


async def _add(backend: Backend, request: Request) -> Response:
    new = await read_body(request, NewAccount)
    account = make_account(new.aor, Secret(new.password))
    tenant = backend.directory.tenant(account.tenant)
    if tenant is None:
        raise Problem(422, f"no tenant has the domain {account.tenant}: add [[tenant]] to the configuration")
    if backend.directory.is_fixed(account.aor):
        raise Problem(409, f"{account.aor} stands in the configuration file: change it there")
    account = replace(account, pbx=first_login(account, new.password, new.pbx, tenant))
    is_new = await _put(backend, account)
    return answer(_shown(backend, account), 201 if is_new else 200)


async def _change(backend: Backend, request: Request) -> Response:
    wanted, aor = await read_body(request, AccountChange), canonical(request.path_params["aor"])
    known = backend.directory.account(aor)
    if known is None:
        raise Problem(404, f"there is no account {aor}")
    if backend.directory.is_fixed(aor):
        raise Problem(409, f"{aor} stands in the configuration file: change it there")
    account = changed(known, wanted, backend.directory.tenant(known.tenant))
    await _put(backend, account)
    return answer(_shown(backend, account))


async def _put(backend: Backend, account: Account) -> bool:
    """Keep an account, without its settings, which have a place of their own; True when it is new."""
    is_new = await durable(backend.store.do(PutAccount(account=replace(account, settings=UNCHOSEN))))
    backend.directory.put(account)
    return is_new


async def _remove(backend: Backend, request: Request) -> Response:
    aor = canonical(request.path_params["aor"])
    if backend.directory.is_fixed(aor):
        raise Problem(409, f"{aor} stands in the configuration file: remove it there")
    known, chosen = backend.directory.account(aor), backend.directory.settings(aor)
    if known is not None:
        # First of all, or what comes for it while the disk works would be there for the next one of this name.
        backend.directory.remove(aor)
    try:
        was_there = await durable(backend.store.do(RemoveAccount(aor=aor)))
    except Problem:
        if known is not None:
            backend.directory.put(known)
            backend.directory.put_settings(aor, chosen)
        raise
    if not was_there:
        raise Problem(404, f"there is no account {aor}")
    return Response(status_code=204)


def make_account(aor: str, password: Secret[str]) -> Account:
    """Make an account; only hashes of the password are kept.

    Raises:
        Problem: 422, the address of record is none.
    """
    name = new_aor(aor)
    return _with_password(Account.guest(name, name.rpartition("@")[2]), password)


def first_login(account: Account, password: str, given: NewLogin | None, tenant: Tenant | None) -> PbxLogin | None:
    """Return the login of a new account; where none is given, phone and PBX share the password.

    Raises:
        Problem: 422, one is given and the tenant keeps none.
    """
    if given is None and not keeps_logins(tenant):
        return None
    return make_login(given or NewLogin(password), user=_user(account), tenant=tenant)


def changed(account: Account, wanted: AccountChange, tenant: Tenant | None) -> Account:
    """Return an account with the passwords that it is to have. Its silence, if it has a login, begins anew.

    Raises:
        Problem: 422, a login is given and the tenant keeps none.
    """
    login = account.pbx and replace(account.pbx, heard_at=0.0)
    if wanted.pbx is not UNSET:
        login = None if wanted.pbx is None else make_login(wanted.pbx, user=_user(account), tenant=tenant)
    same = replace(account, pbx=login)
    return same if wanted.password is UNSET else _with_password(same, Secret(wanted.password))


def _with_password(account: Account, password: Secret[str]) -> Account:
    user, realm, word = _user(account), account.tenant, password.reveal()
    md5, sha256 = ha1(Algorithm.MD5, user, realm, word), ha1(Algorithm.SHA256, user, realm, word)
    return replace(account, ha1_md5=Secret(md5), ha1_sha256=Secret(sha256))


def _user(account: Account) -> str:
    return account.aor.rpartition("@")[0]


def _shown(backend: Backend, account: Account) -> dict[str, object]:
    return {
        "aor": account.aor,
        "tenant": account.tenant,
        "source": "file" if backend.directory.is_fixed(account.aor) else "store",
        **shown_login(account.pbx),
    }
