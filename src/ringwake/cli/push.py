"""`ringwake push test`: one push, what the provider said, and whether the phone came."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ringwake.cli.address import full_aor
from ringwake.cli.doctor import line
from ringwake.cli.failure import FAILED, USAGE, CommandError
from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.plain import plain

WAIT = 20.0
_MOST = 120.0
_PATIENCE = 20.0
"""Seconds that the provider may take besides."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["test"])
    parser.add_argument(
        "--device", metavar="ID", help="the phone, by the id that `device list` shows, or its beginning"
    )
    parser.add_argument("--account", metavar="AOR", help="the account whose phone it is; alone: its only phone")
    parser.add_argument("--wait", type=float, metavar="S", help=f"seconds to wait for the phone (default {WAIT:.0f})")
    parser.add_argument("--provider", metavar="NAME", help="push to nobody: does the service take our credentials?")
    parser.add_argument("--param", help="of the provider's applications only this one")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; 1 when the push was not taken, or the phone did not come."""
    body = _body(options)
    wait = body.get("wait", WAIT)
    server = running(state_folder(options.state))
    said: dict[str, Any] = ask(server, "POST", "/api/v1/pushes", body, seconds=wait + _PATIENCE)
    if options.json:
        print(json.dumps(said))
    elif "checks" in said:
        print("\n".join(line(check) for check in said["checks"]))
    else:
        print(f"{said['account']}  {said['provider']}  {said['device']}\n  {said['said']}")
        print(f"  ringwake trace {said['trace']}" + (f"  ({plain(said['id'])})" if said["id"] else ""))
    return 0 if said["ok"] else FAILED


def _body(options: argparse.Namespace) -> dict[str, Any]:
    """Return what the API is asked for.

    Raises:
        CommandError: the options make no sense together.
    """
    if options.provider:
        if options.device or options.account or options.wait is not None:
            raise CommandError("--provider pushes to nobody: no --device, --account and --wait with it", USAGE)
        return {"provider": options.provider, "param": options.param or ""}
    if options.param:
        raise CommandError("--param is for --provider", USAGE)
    if not options.device and not options.account:
        raise CommandError("name --device, --account or --provider", USAGE)
    wait = WAIT if options.wait is None else options.wait
    if not 0 <= wait <= _MOST:
        raise CommandError(f"--wait is 0 to {_MOST:.0f} seconds", USAGE)
    account = full_aor(options.account) if options.account else ""
    return {"device": options.device or "", "account": account, "wait": wait}
