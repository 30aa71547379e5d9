"""`ringwake doctor`: what is the matter with a running server, and what to do about it."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ringwake.cli.failure import FAILED
from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state

SECONDS = 30.0
"""Push services are asked, and one that does not answer is waited for."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; 1 when a check has failed, warnings count for nothing."""
    checks: list[dict[str, Any]] = ask(running(state_folder(options.state)), "GET", "/api/v1/checks", seconds=SECONDS)
    print(json.dumps(checks) if options.json else "\n".join(line(check) for check in checks))
    return FAILED if any(check["verdict"] == "fail" for check in checks) else 0


def line(check: dict[str, Any]) -> str:
    """Show a check, and what to do in a line of its own."""
    mend = f"\n      {check['mend']}" if check["mend"] else ""
    return f"{check['verdict']:<5} {check['name']}: {check['cause']}{mend}"
