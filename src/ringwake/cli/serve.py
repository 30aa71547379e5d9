"""`ringwake serve`: the server, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import signal
import sys
from pathlib import Path

from ringwake.app.running import App
from ringwake.app.senders import parts_of
from ringwake.cli.failure import FAILED, USAGE, CommandError
from ringwake.cli.operator import state_folder
from ringwake.cli.options import add_state
from ringwake.config.embedded import Loaded, embedded
from ringwake.config.load import ConfigError, load
from ringwake.config.state import RunningServer, StateFolder
from ringwake.model.ports import StoreError
from ringwake.observe.log import set_up
from ringwake.secret import Secret
from ringwake.store.keys import KeysError

_HELLO = """\
{notes}
SIP listens on {sip}.
Next, in another terminal: {next}
"""
_NEXT_LAB = "ringwake phone alice --sleep   then call sip:alice@{sip} from any softphone or SIPp"
_NEXT_BARE = "ringwake emulate   and start this again, or: ringwake account add alice"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (TOML); default: embedded")
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    state = state_folder(options.state)
    try:
        loaded = Loaded(load(options.config), options.config.parent) if options.config else embedded(state)
        log = loaded.config.log
        set_up(level=log.level, as_json=log.format == "json")
        asyncio.run(_serve(loaded, state))
    except (ConfigError, KeysError, StoreError) as error:
        raise CommandError(str(error), USAGE) from None
    except OSError as error:
        raise CommandError(
            f"cannot start: {error.strerror or error}: is another server running there?", FAILED
        ) from None
    return 0


async def _serve(loaded: Loaded, state: StateFolder) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    token = Secret(secrets.token_urlsafe(32))
    app = await App.start(parts_of(loaded.config, loaded.base), token=token)
    try:
        state.tell(RunningServer(app.http, token, app.listen, app.public))
        print(json.dumps({"event": "ready", "listen": app.listen, "http": app.http}), flush=True)
        if loaded.notes:
            _greet(loaded, app)
        await stop.wait()
    finally:
        state.untell()
        await app.stop()


def _greet(loaded: Loaded, app: App) -> None:
    sip = app.listen[0]["address"]
    following = _NEXT_LAB.format(sip=sip) if loaded.config.lab else _NEXT_BARE
    listens = ", ".join(f"{one['transport']} {one['address']}" for one in app.listen)
    print(_HELLO.format(notes="\n".join(loaded.notes), sip=listens, next=following), file=sys.stderr, flush=True)
