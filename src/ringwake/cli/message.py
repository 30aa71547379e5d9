"""`ringwake message send|list`: write in the name of an account, and see what became of what was written."""

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

_SECONDS = 60
"""A PBX may need so long to answer."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    actions = parser.add_subparsers(dest="action", metavar="ACTION", required=True)
    send = actions.add_parser("send", help="write a message in the name of an account")
    send.add_argument("sender", metavar="FROM", help="account; without a domain, of " + DOMAIN)
    send.add_argument("to", metavar="TO", help="SIP URI, address of record, or number at the PBX")
    send.add_argument("text", metavar="TEXT")
    send.add_argument("--type", metavar="TYPE", help="Content-Type; text/plain if it is not given")
    listing = actions.add_parser("list", help="list messages, the newest first")
    listing.add_argument("account", nargs="?", help="address of record; without a domain, of " + DOMAIN)
    listing.add_argument("--limit", type=int, default=100, metavar="NUMBER", help="how many (100)")
    for action in (send, listing):
        add_json(action)
        add_state(action)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    return _send(options) if options.action == "send" else _list(options)


def _send(options: argparse.Namespace) -> int:
    body = {"from": full_aor(options.sender), "to": options.to, "text": options.text}
    if options.type:
        body["content_type"] = options.type
    sent = ask(running(state_folder(options.state)), "POST", "/api/v1/messages", body, seconds=_SECONDS)
    print(json.dumps(sent) if options.json else told(sent))
    return 0


def told(sent: dict[str, Any]) -> str:
    """Say what has become of a message."""
    if sent["outcome"] == "sent":
        return f"Sent to {sent['to']}."
    if sent.get("to"):
        return f"Kept for {sent['to']}: its phones get it when they are awake (trace {sent['trace']})."
    return "Still on its way: the PBX has not answered yet."


def _list(options: argparse.Namespace) -> int:
    query = f"?limit={options.limit}"
    if options.account:
        query += f"&account={quote(full_aor(options.account))}"
    messages = ask(running(state_folder(options.state)), "GET", f"/api/v1/messages{query}")
    if options.json:
        print(json.dumps(messages))
    elif not messages:
        print("No messages are listed.")
    else:
        print("\n".join(line(message) for message in messages))
    return 0


def line(message: dict[str, Any]) -> str:
    """Write a message in one line."""
    when = datetime.fromtimestamp(message["at"], UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    way = "to" if message["direction"] == "out" else "from"
    status = f" {message['status']}" if message["status"] else ""
    unread = ", unread" if message["unread"] else ""
    return f"{when}  {message['account']}  {way} {message['uri']}  {message['outcome']}{status}{unread}"
