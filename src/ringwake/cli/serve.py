"""`ringwake serve`: the server, until SIGTERM or SIGINT."""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from ringwake.app.listeners import ListenError
from ringwake.app.running import App
from ringwake.app.senders import parts_of
from ringwake.cli.failure import FAILED, USAGE, CommandError
from ringwake.cli.operator import state_folder
from ringwake.cli.options import add_state
from ringwake.config.api_token import api_token, new_token
from ringwake.config.embedded import Loaded, embedded
from ringwake.config.files import check_files
from ringwake.config.load import ConfigError, load
from ringwake.config.state import RunningServer, StateFolder
from ringwake.model.ports import StoreError
from ringwake.observe.log import set_up
from ringwake.store.keys import KeysError

_HELLO = """\
{notes}
SIP listens on {sip}.
{next}"""
_NEXT_LAB = """\
Next, in another terminal:
  ringwake phone alice --sleep
Then call sip:alice@{sip} from any softphone or SIPp."""
_NEXT_BARE = """\
Next, in another terminal:
  ringwake account add alice
For phones that sleep, start `ringwake emulate` first, and this again."""


TRIES = 5
"""How often ports are chosen, when no file names them."""


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="configuration file (TOML); default: embedded")
    parser.add_argument("--json", action="store_true", help="print the ready line only, no greeting")
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    state = state_folder(options.state)
    for left in reversed(range(TRIES)):
        try:
            return _run(options, state)
        except ListenError as error:
            # Without a file, free ports were chosen a moment ago: somebody else may have been quicker.
            if options.config or not left:
                raise CommandError(str(error), FAILED) from None
    return FAILED


def _run(options: argparse.Namespace, state: StateFolder) -> int:
    try:
        loaded = Loaded(load(options.config), options.config.parent) if options.config else embedded(state)
    except ConfigError as error:
        raise CommandError(str(error), USAGE) from None
    try:
        check_files(loaded.config, loaded.base)
        log = loaded.config.log
        set_up(level=log.level, as_json=log.format == "json")
        asyncio.run(_serve(loaded, state, greets=not options.json))
    except ConfigError as error:  # about the files and keys that it names
        raise CommandError(f"{options.config or state.lab_file}: {error}", USAGE) from None
    except (KeysError, StoreError) as error:
        raise CommandError(str(error), USAGE) from None
    return 0


async def _serve(loaded: Loaded, state: StateFolder, *, greets: bool) -> None:
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)  # it would end a server that only begins to read
    token_file = loaded.config.api.token_file
    token = api_token(loaded.base / token_file) if token_file else new_token()
    app = await App.start(parts_of(loaded.config, loaded.base), token=token)
    loop.add_signal_handler(signal.SIGHUP, app.reread)
    try:
        state.tell(RunningServer(app.http, token, app.listen, app.public))
        ready = {"event": "ready", "listen": app.listen, "http": app.http}
        if app.connectors:
            ready["connectors"] = app.connectors
        print(json.dumps(ready), flush=True)
        if loaded.notes and greets:
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
