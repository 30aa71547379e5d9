"""`ringwake doctor`: what is the matter with a running server, and what to do about it."""

from __future__ import annotations

import argparse
import json
from typing import Any

from ringwake.cli.failure import FAILED
from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command; 1 when a check has failed, warnings count for nothing."""
    checks: list[dict[str, Any]] = ask(running(state_folder(options.state)), "GET", "/api/v1/checks")
    print(json.dumps(checks) if options.json else "\n".join(_line(check) for check in checks))
    return FAILED if any(check["verdict"] == "fail" for check in checks) else 0


def _line(check: dict[str, Any]) -> str:
    mend = f"\n      {check['mend']}" if check["mend"] else ""
    return f"{check['verdict']:<5} {check['name']}: {check['cause']}{mend}"
