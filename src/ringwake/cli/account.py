"""`ringwake account add|list|remove`: through the running server, or in the database when none runs."""

from __future__ import annotations

import argparse
import asyncio
import json
from pathlib import Path
from urllib.parse import quote

from ringwake.api.accounts import make_account
from ringwake.api.problems import Problem
from ringwake.cli.address import full_aor
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.operator import ask, is_alive, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.password import asked_password, password_in
from ringwake.config.embedded import DOMAIN
from ringwake.config.load import ConfigError, load
from ringwake.config.state import RunningServer, StateFolder
from ringwake.model.account import Account, Aor
from ringwake.model.account_ops import ListAccounts, PutAccount, RemoveAccount
from ringwake.model.ports import StoreError
from ringwake.secret import Secret
from ringwake.store.keys import KeysError, load_keys
from ringwake.store.sqlite.store import SqliteStore


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["add", "list", "remove"])
    parser.add_argument("aor", nargs="?", help=f"address of record; without a domain, of {DOMAIN}")
    parser.add_argument("--config", type=Path, help="configuration file of the server, when none runs")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password; - is standard input")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if (options.action == "list") != (options.aor is None):
        wants = "no address" if options.action == "list" else "an address, such as alice@example.com"
        raise CommandError(f"{options.action} takes {wants}", USAGE)
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
    aor = full_aor(options.aor)
    if options.action == "remove":
        ask(server, "DELETE", f"{path}/{quote(aor, safe='')}")
    else:
        ask(server, "POST", path, {"aor": aor, "password": _password(options).reveal()})
    _done(options, aor)
    return 0


def _alone(state: StateFolder, options: argparse.Namespace) -> int:
    """Do it in the database, whose lock says that no server has it."""
    data, domains = _database(state, options.config)
    account = None
    if options.action == "add":
        try:
            account = make_account(full_aor(options.aor), _password(options))
        except Problem as error:
            raise CommandError(str(error)) from None
        if account.tenant not in domains:
            raise CommandError(f"no tenant has the domain {account.tenant}: there are {', '.join(domains) or 'none'}")
    return asyncio.run(_in_database(data, account, options))


async def _in_database(data: Path, new: Account | None, options: argparse.Namespace) -> int:
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
        aor = full_aor(options.aor)
        if new is not None:
            await store.do(PutAccount(account=new))
        elif not await store.do(RemoveAccount(aor=Aor(aor))):
            raise CommandError(f"there is no account {aor}")
    except StoreError as error:
        raise CommandError(str(error)) from None
    finally:
        await store.close()
    _done(options, aor)
    return 0


def _database(state: StateFolder, config: Path | None) -> tuple[Path, list[str]]:
    """Return the file, and the domains that the server has with it."""
    if config is None:
        return state.database, [DOMAIN]
    try:
        loaded = load(config)
    except ConfigError as error:
        raise CommandError(str(error), USAGE) from None
    return config.parent / loaded.server.data, [tenant.domain.lower() for tenant in loaded.tenant]


def _password(options: argparse.Namespace) -> Secret[str]:
    file: Path | None = options.password_file
    return asked_password() if file is None or str(file) == "-" else password_in(file)


def _show(aors: list[str], *, as_json: bool) -> None:
    print(json.dumps(aors) if as_json else "\n".join(aors) or "No accounts.")


def _done(options: argparse.Namespace, aor: str) -> None:
    what = "added" if options.action == "add" else "removed"
    print(json.dumps({what: aor}) if options.json else f"{what} {aor}")
