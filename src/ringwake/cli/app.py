"""`ringwake app list`: the applications at the push services, and how pushing to them goes."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any

from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["list"])
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    apps: list[dict[str, Any]] = ask(running(state_folder(options.state)), "GET", "/api/v1/apps")
    print(json.dumps(apps) if options.json else "\n".join(map(_lines, apps)) or "No applications: add [[app]].")
    return 0


def _lines(app: dict[str, Any]) -> str:
    pushes, error, circuit = app["pushes"], app["last_error"], app["circuit"]
    told = [f"{app['provider']}  {app['param']}  {app['tenant']}", _credentials(app["credentials"])]
    told.append(f"pushes: {pushes['sent']}, accepted {pushes['accepted']}, failed {pushes['failed']}")
    if circuit != "closed":
        told.append("failing: the service is left alone for a moment")
    if error:
        told.append(f"last error {_when(error['at'])}: {error['reason']}")
    return "\n  ".join(told)


def _credentials(credentials: dict[str, Any]) -> str:
    ends = f", certificate until {_when(credentials['expires_at'])}" if credentials["expires_at"] else ""
    problem = f": {credentials['problem']}" if credentials["problem"] else ""
    return f"credentials {credentials['state']}{ends}{problem}"


def _when(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%SZ")
