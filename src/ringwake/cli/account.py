"""`ringwake account add|set|show|list|remove`: through the running server, or in the database when none runs."""

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
from ringwake.cli.account_settings import change_settings, print_settings, read_settings
from ringwake.cli.address import full_aor
from ringwake.cli.database import Database
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.operator import ask, is_alive, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.password import asked_password, password_in
from ringwake.cli.pbx_login import add_pbx, check_pbx, pbx_login
from ringwake.cli.settings_options import add_settings, check_options, has_settings
from ringwake.config.embedded import DOMAIN
from ringwake.config.state import RunningServer
from ringwake.model.account import Account, Aor
from ringwake.model.account_ops import ListAccounts, PutAccount, RemoveAccount
from ringwake.model.tenant import Tenant
from ringwake.secret import Secret

Tenants: TypeAlias = Mapping[str, Tenant]
"""By domain."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["add", "set", "show", "list", "remove"])
    parser.add_argument("aor", nargs="?", help=f"address of record; without a domain, of {DOMAIN}")
    parser.add_argument("--config", type=Path, help="configuration file of the server, when none runs")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password; - is standard input")
    add_pbx(parser)
    add_settings(parser)
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if (options.action == "list") != (options.aor is None):
        wants = "no address" if options.action == "list" else "an address, such as alice@example.com"
        raise CommandError(f"{options.action} takes {wants}", USAGE)
    check_pbx(options)
    _check_set(options)
    state = state_folder(options.state)
    server = state.server()
    place = server if server is not None and is_alive(server) else Database.of(state, options.config)
    if options.action == "show":
        print_settings(read_settings(place, Aor(full_aor(options.aor))), as_json=options.json)
        return 0
    if has_settings(options):
        change_settings(place, Aor(full_aor(options.aor)), options)
        if not _has_passwords(options):
            _done(options, full_aor(options.aor))
            return 0
    return _through(place, options) if isinstance(place, RunningServer) else _alone(place, options)


def _check_set(options: argparse.Namespace) -> None:
    check_options(options)
    if options.action != "set" and has_settings(options):
        raise CommandError(f"{options.action} takes no settings: use set", USAGE)
    if options.action == "set" and not (_has_passwords(options) or has_settings(options)):
        raise CommandError("set wants a setting, --password-file, --pbx-password-file or --no-pbx", USAGE)


def _has_passwords(options: argparse.Namespace) -> bool:
    return bool(options.password_file or options.pbx_password_file or options.no_pbx)


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


def _alone(database: Database, options: argparse.Namespace) -> int:
    wanted = _wanted(options)
    try:
        ready = _made(wanted, database.tenants) if isinstance(wanted, NewAccount) else wanted
        return asyncio.run(_in_database(database, ready, options))
    except Problem as error:
        raise CommandError(str(error)) from None


async def _in_database(database: Database, wanted: Account | AccountChange | None, options: argparse.Namespace) -> int:
    async with database.opened() as store:
        if options.action == "list":
            _show([account.aor for account in await store.do(ListAccounts())], as_json=options.json)
            return 0
        aor = Aor(full_aor(options.aor))
        if isinstance(wanted, AccountChange):
            known = next((each for each in await store.do(ListAccounts()) if each.aor == aor), None)
            wanted = known and changed(known, wanted, database.tenants.get(known.tenant))
        is_done = await store.do(RemoveAccount(aor=aor)) if options.action == "remove" else wanted is not None
        if not is_done:
            raise CommandError(f"there is no account {aor}")
        if wanted is not None:
            await store.do(PutAccount(account=wanted))
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


def _password(options: argparse.Namespace) -> Secret[str]:
    file: Path | None = options.password_file
    return asked_password() if file is None or str(file) == "-" else password_in(file)


def _show(aors: list[str], *, as_json: bool) -> None:
    print(json.dumps(aors) if as_json else "\n".join(aors) or "No accounts.")


def _done(options: argparse.Namespace, aor: str) -> None:
    what = {"add": "added", "set": "changed", "remove": "removed"}[options.action]
    print(json.dumps({what: aor}) if options.json else f"{what} {aor}")
