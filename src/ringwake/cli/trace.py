"""`ringwake trace`: what happened to a call, step by step, and a sentence on where it was lost."""

from __future__ import annotations

import argparse
import json
import shutil
from typing import Any
from urllib.parse import quote

from ringwake.cli.failure import CommandError
from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.plain import plain
from ringwake.cli.timeline import draw

_NAMED = ("at_ms", "what", "aor", "call_id")
"""Fields that have a column of their own, or stand above."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("name", nargs="?", default="last", help="trace id, Call-ID, or account; default: the last call")
    which.add_argument("--last", action="store_true", help="the last call")
    which.add_argument("--list", action="store_true", help="list the newest calls and messages")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    server = running(state_folder(options.state))
    calls = ask(server, "GET", "/api/v1/calls") if options.list or options.name == "last" else []
    if options.list:
        print(json.dumps(calls) if options.json else "\n".join(_line(call) for call in calls) or "No calls yet.")
        return 0
    if options.name == "last" and not calls:
        raise CommandError("no calls yet")
    trace = ask(server, "GET", f"/api/v1/calls/{quote(options.name, safe='')}/timeline")
    print(json.dumps(trace) if options.json else _told(trace))
    return 0


def _line(call: dict[str, Any]) -> str:
    return f"{call['trace']}  {call['account']}  {call['verdict']}"


def _told(trace: dict[str, Any]) -> str:
    names = [trace["trace"], trace["account"], f"Call-ID {trace['call_id']}" if trace["call_id"] else ""]
    rows = [(event["at_ms"], event["what"], _fields(event)) for event in trace["events"]]
    timeline = draw(rows, columns=shutil.get_terminal_size().columns)
    return "\n".join([plain("  ".join(name for name in names if name)), timeline, trace["verdict"]])


def _fields(event: dict[str, Any]) -> str:
    shown = {name: value for name, value in event.items() if name not in _NAMED and value not in (None, "")}
    return "  ".join(f"{name}={value}" for name, value in shown.items())
