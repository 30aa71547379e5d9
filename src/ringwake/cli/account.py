"""`ringwake account add|set|list|remove`: through the running server, or in the database when none runs."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TypeAlias
from urllib.parse import quote

from msgspec import UNSET, to_builtins

from ringwake.api.accounts import AccountChange, NewAccount, changed, first_login, make_account
from ringwake.api.problems import Problem
from ringwake.app.tenants import tenants_of
from ringwake.cli.address import full_aor
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.operator import ask, is_alive, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.password import asked_password, password_in
from ringwake.cli.pbx_login import add_pbx, check_pbx, pbx_login
from ringwake.config.embedded import DOMAIN
from ringwake.config.load import ConfigError, load
from ringwake.config.state import RunningServer, StateFolder
from ringwake.model.account import Account, Aor
from ringwake.model.account_ops import ListAccounts, PutAccount, RemoveAccount
from ringwake.model.ports import StoreError
from ringwake.model.tenant import Tenant
from ringwake.secret import Secret
from ringwake.store.keys import KeysError, load_keys
from ringwake.store.sqlite.store import SqliteStore

Tenants: TypeAlias = Mapping[str, Tenant]
"""By domain."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["add", "set", "list", "remove"])
    parser.add_argument("aor", nargs="?", help=f"address of record; without a domain, of {DOMAIN}")
    parser.add_argument("--config", type=Path, help="configuration file of the server, when none runs")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password; - is standard input")
    add_pbx(parser)
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if (options.action == "list") != (options.aor is None):
        wants = "no address" if options.action == "list" else "an address, such as alice@example.com"
        raise CommandError(f"{options.action} takes {wants}", USAGE)
    check_pbx(options)
    if options.action == "set" and not (options.password_file or options.pbx_password_file or options.no_pbx):
        raise CommandError("set wants --password-file, --pbx-password-file or --no-pbx", USAGE)
    state = state_folder(options.state)
    server = state.server()
    if server is not None and is_alive(server):
        return _through(server, options)
    return _alone(state, options)


def _through(server: RunningServer, options: argparse.Namespace) -> int:
    path = "/api/v1/accounts"
    if options.action == "list":
        _show([account["aor"] for account in ask(server, "GET", path)], as_json=options.json)
        return 0
    aor, one = full_aor(options.aor), f"{path}/{quote(full_aor(options.aor), safe='')}"
    match _wanted(options):
        case NewAccount() as new:
            ask(server, "POST", path, to_builtins(new))
        case AccountChange() as change:
            ask(server, "PUT", one, to_builtins(change))
        case None:
            ask(server, "DELETE", one)
    _done(options, aor)
    return 0


def _alone(state: StateFolder, options: argparse.Namespace) -> int:
    """Do it in the database, whose lock says that no server has it."""
    data, tenants = _database(state, options.config)
    wanted = _wanted(options)
    try:
        ready = _made(wanted, tenants) if isinstance(wanted, NewAccount) else wanted
        return asyncio.run(_in_database(data, ready, tenants, options))
    except Problem as error:
        raise CommandError(str(error)) from None


async def _in_database(
    data: Path, wanted: Account | AccountChange | None, tenants: Tenants, options: argparse.Namespace
) -> int:
    faults: list[str] = []
    try:
        keys = load_keys(data.with_name("keys"))
        store = await SqliteStore.open(data, keys=keys.derive("store"), note_fault=faults.append)
    except (KeysError, StoreError) as error:
        raise CommandError(str(error), USAGE) from None
    try:
        if options.action == "list":
            _show([account.aor for account in await store.do(ListAccounts())], as_json=options.json)
            return 0
        aor = Aor(full_aor(options.aor))
        if isinstance(wanted, AccountChange):
            known = next((each for each in await store.do(ListAccounts()) if each.aor == aor), None)
            wanted = known and changed(known, wanted, tenants.get(known.tenant))
        is_done = await store.do(RemoveAccount(aor=aor)) if options.action == "remove" else wanted is not None
        if not is_done:
            raise CommandError(f"there is no account {aor}")
        if wanted is not None:
            await store.do(PutAccount(account=wanted))
    except StoreError as error:
        raise CommandError(str(error)) from None
    finally:
        await store.close()
    _done(options, aor)
    return 0


def _wanted(options: argparse.Namespace) -> NewAccount | AccountChange | None:
    """Return what is to be made or changed, its passwords read; None for a command that says nothing of them."""
    match options.action:
        case "add":
            password = _password(options)
            return NewAccount(full_aor(options.aor), password.reveal(), pbx_login(options) or None)
        case "set":
            given = UNSET if options.password_file is None else _password(options).reveal()
            return AccountChange(given, pbx_login(options))
        case _:
            return None


def _made(new: NewAccount, tenants: Tenants) -> Account:
    account = make_account(new.aor, Secret(new.password))
    tenant = tenants.get(account.tenant)
    if tenant is None:
        raise CommandError(f"no tenant has the domain {account.tenant}: there are {', '.join(tenants) or 'none'}")
    return replace(account, pbx=first_login(account, new.password, new.pbx, tenant))


def _database(state: StateFolder, config: Path | None) -> tuple[Path, Tenants]:
    """Return the file, and the tenants that the server has with it."""
    if config is None:
        return state.database, {DOMAIN: Tenant(domain=DOMAIN)}
    try:
        loaded = load(config)
    except ConfigError as error:
        raise CommandError(str(error), USAGE) from None
    return config.parent / loaded.server.data, {tenant.domain: tenant for tenant in tenants_of(loaded)}


def _password(options: argparse.Namespace) -> Secret[str]:
    file: Path | None = options.password_file
    return asked_password() if file is None or str(file) == "-" else password_in(file)


def _show(aors: list[str], *, as_json: bool) -> None:
    print(json.dumps(aors) if as_json else "\n".join(aors) or "No accounts.")


def _done(options: argparse.Namespace, aor: str) -> None:
    what = {"add": "added", "set": "changed", "remove": "removed"}[options.action]
    print(json.dumps({what: aor}) if options.json else f"{what} {aor}")
