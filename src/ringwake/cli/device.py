"""`ringwake device list`: the phones, and whether they can be reached."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["list"])
    parser.add_argument("account", nargs="?", help="address of record, such as alice@example.com; default: all")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    server = running(state_folder(options.state))
    query = f"?account={quote(options.account)}" if options.account else ""
    devices = ask(server, "GET", f"/api/v1/devices{query}")
    if options.json:
        print(json.dumps(devices))
    elif not devices:
        print("No phones are registered.")
    else:
        print("\n".join(_line(device) for device in devices))
    return 0


def _line(device: dict[str, Any]) -> str:
    push = ", ".join(device["push"]) or "no push"
    silent = f"silent push {_when(device['refresh_at'])}" if device["refresh_at"] else "no silent push"
    return (
        f"{device['account']}  {device['id']}  {device['state']}  {push}  {device['transport']}  "
        f"until {_when(device['expires_at'])}  {silent}"
    )


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
