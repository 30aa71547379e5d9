"""`ringwake call list`: what has become of calls, and which of them nobody has looked at."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

from ringwake.cli.address import full_aor
from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.plain import plain
from ringwake.config.embedded import DOMAIN

_FEW = 50
_MOST = 1000


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["list"])
    parser.add_argument("account", nargs="?", help="address of record; without a domain, of " + DOMAIN)
    parser.add_argument("--missed", action="store_true", help="missed calls only")
    parser.add_argument("--unread", action="store_true", help="only those that nobody has looked at")
    parser.add_argument("--limit", type=_limit, default=_FEW, help=f"at most so many, the newest (default {_FEW})")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    server = running(state_folder(options.state))
    asked = {"kind": "call", "limit": str(options.limit)}
    asked |= {name: "true" for name in ("missed", "unread") if getattr(options, name)}
    if options.account:
        asked["account"] = full_aor(options.account)
    calls = ask(server, "GET", f"/api/v1/history?{urlencode(asked)}")
    if options.json:
        print(json.dumps(calls))
    else:
        print("\n".join(_line(call) for call in calls) or "No calls.")
    return 0


def _line(call: dict[str, Any]) -> str:
    """Describe a call in a line of text."""
    when = datetime.fromtimestamp(call["at"], UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    who = plain(call["name"] or call["uri"] or "unknown")
    mark = "*" if call["unread"] else " "
    return f"{mark} {when}  {plain(call['account'])}  {call['outcome']:<10}  {who}  {call['trace']}"


def _limit(text: str) -> int:
    if not (len(text) <= len(str(_MOST)) and text.isascii() and text.isdigit() and 1 <= int(text) <= _MOST):
        raise argparse.ArgumentTypeError(f"a number from 1 to {_MOST}")
    return int(text)
