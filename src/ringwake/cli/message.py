"""`ringwake message send|list`: write in the name of an account, and see what became of what was written."""

from __future__ import annotations

import argparse
import json
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

from ringwake.cli.address import full_aor
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.operator import ask, running, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.config.embedded import DOMAIN

_SECONDS = 60
"""A PBX may need so long to answer."""
_SENT = 3
"""Words of a message that is sent."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("action", choices=["send", "list"])
    what = f"send: FROM TO TEXT. list: an account, or nothing. Addresses without a domain are of {DOMAIN}"
    parser.add_argument("words", nargs="*", metavar="WORD", help=what)
    parser.add_argument("--type", metavar="TYPE", help="Content-Type of what is sent; text/plain if it is not given")
    parser.add_argument("--limit", type=int, metavar="N", help="how many are listed at most; 100 if it is not given")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    if options.action == "send":
        return _send(options)
    return _list(options)


def _send(options: argparse.Namespace) -> int:
    if len(options.words) != _SENT or options.limit is not None:
        raise CommandError('send takes FROM, TO and TEXT, such as: send alice bob "I am late"', USAGE)
    sender, to, text = options.words
    body = {
        "from": full_aor(sender),
        "to": to,
        "text": text,
        **({"content_type": options.type} if options.type else {}),
    }
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
    if len(options.words) > 1 or options.type is not None:
        raise CommandError("list takes one account, such as alice@example.com, or none", USAGE)
    query = f"?limit={100 if options.limit is None else options.limit}"
    if options.words:
        query += f"&account={quote(full_aor(options.words[0]))}"
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
