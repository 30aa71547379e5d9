"""`ringwake device list`: the phones, and whether they can be reached."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ringwake.cli.address import full_aor
from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.config.embedded import DOMAIN


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["list"])
    parser.add_argument("account", nargs="?", help="address of record; without a domain, of " + DOMAIN)
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    server = running(state_folder(options.state))
    query = f"?account={quote(full_aor(options.account))}" if options.account else ""
    devices = ask(server, "GET", f"/api/v1/devices{query}")
    if options.json:
        print(json.dumps(devices))
    elif not devices:
        print("No phones are registered.")
    else:
        print("\n".join(_lines(device) for device in devices))
    return 0


def _lines(device: dict[str, Any]) -> str:
    """Describe a phone in lines of at most 80 columns, as far as its names are short."""
    provider = device["provider"] or "-"
    return "\n  ".join(
        [
            f"{device['account']}  {provider}  {device['state']}  {device['transport']}  {device['id']}",
            *([f"push by {token}" for token in device["push"]] or ["no push"]),
            *_wakes(device),
            *([f"PBX: {device['pbx']}"] if device["pbx"] else []),
            f"registered until {_when(device['expires_at'])}",
            _silent(device),
        ]
    )


def _wakes(device: dict[str, Any]) -> list[str]:
    """Tell when the phone was woken last, and why; and for what it was pushed to and has not come yet."""
    last, pushed = device["last_wake"], device["pushed"]
    counts = ", ".join(f"{count} for {why}" for why, count in device["wakes"].items())
    told = [f"last wake {_when(last['at'])} for {last['why']}", f"woken {counts}"] if last else ["never woken"]
    if pushed:
        told.append(f"pushed to {_when(pushed['at'])} for {pushed['why']}, and has not come yet")
    return told


def _silent(device: dict[str, Any]) -> str:
    if device["refresh_at"]:
        return f"next silent push {_when(device['refresh_at'])}"
    return f"no silent push: {device['no_refresh']}"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
