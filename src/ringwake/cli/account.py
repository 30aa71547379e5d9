"""`ringwake account add|list|remove`: through the running server, or in the database when none runs."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import json
import sys
from pathlib import Path
from urllib.parse import quote

from ringwake.api.accounts import make_account
from ringwake.api.problems import Problem
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.operator import ask, is_alive, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.config.embedded import DOMAIN
from ringwake.config.load import ConfigError, load
from ringwake.config.state import RunningServer, StateFolder
from ringwake.model.account import Aor
from ringwake.model.ports import StoreError
from ringwake.model.store_ops import ListAccounts, PutAccount, RemoveAccount
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
    return asyncio.run(_in_database(_database(state, options.config), options))


def _through(server: RunningServer, options: argparse.Namespace) -> int:
    path = "/api/v1/accounts"
    if options.action == "list":
        _show([account["aor"] for account in ask(server, "GET", path)], as_json=options.json)
        return 0
    aor = _full(options.aor)
    if options.action == "remove":
        ask(server, "DELETE", f"{path}/{quote(aor, safe='')}")
    else:
        ask(server, "POST", path, {"aor": aor, "password": _password(options).reveal()})
    _done(options, aor)
    return 0


async def _in_database(data: Path, options: argparse.Namespace) -> int:
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
        aor = _full(options.aor)
        if options.action == "remove":
            if not await store.do(RemoveAccount(aor=Aor(aor))):
                raise CommandError(f"there is no account {aor}")
        else:
            await store.do(PutAccount(account=make_account(aor, _password(options))))
    except (StoreError, Problem) as error:
        raise CommandError(str(error)) from None
    finally:
        await store.close()
    _done(options, aor)
    return 0


def _database(state: StateFolder, config: Path | None) -> Path:
    if config is None:
        return state.database
    try:
        return config.parent / load(config).server.data
    except ConfigError as error:
        raise CommandError(str(error), USAGE) from None


def _full(aor: str) -> str:
    return aor if "@" in aor else f"{aor}@{DOMAIN}"


def _password(options: argparse.Namespace) -> Secret[str]:
    """Ask for the password: never on the command line, where others could read it."""
    source: Path | None = options.password_file
    if source is None and sys.stdin.isatty():
        password = getpass.getpass("Password: ")
    elif source is None or str(source) == "-":
        password = sys.stdin.readline().rstrip("\n")
    else:
        try:
            password = source.read_text().partition("\n")[0]
        except (OSError, UnicodeDecodeError):
            raise CommandError(f"{source} cannot be read", USAGE) from None
    if not password:
        raise CommandError("the password is empty", USAGE)
    return Secret(password)


def _show(aors: list[str], *, as_json: bool) -> None:
    print(json.dumps(aors) if as_json else "\n".join(aors) or "No accounts.")


def _done(options: argparse.Namespace, aor: str) -> None:
    what = "added" if options.action == "add" else "removed"
    print(json.dumps({what: aor}) if options.json else f"{what} {aor}")
