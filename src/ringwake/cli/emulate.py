"""`ringwake emulate`: the three push services on loopback, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import signal
import sys

from ringwake.app.system import wall_now
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.journal_lines import JournalLines
from ringwake.cli.lab_toml import lab_toml
from ringwake.cli.operator import state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.config.state import StateFolder
from ringwake.emulators.clock import Clock
from ringwake.emulators.credentials import CredentialsError
from ringwake.emulators.lab import Lab
from ringwake.model.ports import StoreError
from ringwake.store.sqlite.lock import Lock, StoreInUseError

USERS = ("alice", "bob", "boss")


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_json(parser)
    parser.add_argument("--quiet", action="store_true", help="do not show what is pushed")
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    state = state_folder(options.state)
    try:
        lock = Lock(state.lab_file)
    except StoreInUseError:
        raise CommandError(f"emulators run already with the state folder {state.path}", USAGE) from None
    except StoreError as error:
        raise CommandError(str(error), USAGE) from None
    try:
        asyncio.run(_emulate(state, as_json=options.json, quiet=options.quiet))
    except CredentialsError as error:
        raise CommandError(str(error), USAGE) from None
    finally:
        lock.release()
    return 0


async def _emulate(state: StateFolder, *, as_json: bool, quiet: bool) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with Lab.open(state.lab_folder, clock=Clock(wall_now)) as lab:
        # Developers start their server again and again, and each life signs a new token: Apple would refuse that.
        await lab.switches.set("apns", token_interval=0)
        passwords = {user: secrets.token_urlsafe(12) for user in USERS}
        path = state.write("lab.toml", lab_toml(lab, passwords))
        try:
            if as_json:
                print(json.dumps({"event": "ready", "config": str(path), **lab.describe()}), flush=True)
            else:
                print(_hello(lab, str(path)), flush=True)
            if not quiet:
                lab.journal.hook = JournalLines(sys.stdout, as_json=as_json, wall=wall_now)
            await stop.wait()
        finally:
            path.unlink(missing_ok=True)


def _hello(lab: Lab, path: str) -> str:
    urls = {
        "apns": lab.apns_url,
        "fcm": lab.fcm_url,
        "webpush": lab.webpush_url,
        "hms": lab.hms_url,
        "http": lab.hook_url,
        "inbox": lab.inbox_url,
    }
    lines = [f"  {service:<8} {url}" for service, url in urls.items()]
    following = ["Next, in two other terminals:", "  ringwake serve", "  ringwake phone alice --sleep"]
    return "\n".join(["Push services are emulated:", *lines, f"Their configuration is {path}.", *following])
