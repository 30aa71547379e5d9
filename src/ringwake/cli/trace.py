"""`ringwake trace`: what happened to a call, step by step, and a sentence on where it was lost."""

from __future__ import annotations

import argparse
import json
from typing import Any
from urllib.parse import quote

from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.timeline import draw


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("name", nargs="?", default="last", help="trace id or Call-ID; default: the last call")
    parser.add_argument("--last", action="store_const", const="last", dest="name", help="the last call")
    parser.add_argument("--list", action="store_true", help="list the newest calls and messages")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    server = running(state_folder(options.state))
    if options.list:
        calls = ask(server, "GET", "/api/v1/calls")
        print(json.dumps(calls) if options.json else "\n".join(_line(call) for call in calls) or "No calls yet.")
        return 0
    trace = ask(server, "GET", f"/api/v1/calls/{quote(options.name, safe='')}/timeline")
    if options.json:
        print(json.dumps(trace))
        return 0
    print(f"{trace['trace']}  {trace['account']}  Call-ID {trace['call_id']}")
    print(draw([(event["at_ms"], event["what"], _fields(event)) for event in trace["events"]]))
    print(trace["verdict"])
    return 0


def _line(call: dict[str, Any]) -> str:
    return f"{call['trace']}  {call['account']}  {call['verdict']}"


def _fields(event: dict[str, Any]) -> str:
    shown = {name: value for name, value in event.items() if name not in ("at_ms", "what") and value not in (None, "")}
    return "  ".join(f"{name}={value}" for name, value in shown.items())
