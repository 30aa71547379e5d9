"""`ringwake phone`: the softphone in a terminal. It registers, sleeps, is called, shows the alert; press a or r."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import random

from ringwake.app.system import SystemIds
from ringwake.cli.failure import FAILED, UNREACHABLE, CommandError
from ringwake.cli.keyboard import Keyboard
from ringwake.cli.operator import state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.person import Person
from ringwake.cli.phone_screen import PhoneScreen
from ringwake.cli.phone_settings import phone_settings
from ringwake.model.app import Provider
from ringwake.net.name_server import NameServer
from ringwake.net.resolver import Resolver
from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Transport
from ringwake.sip.uri import Uri, parse_uri
from ringwake.softphone.account_api import AccountApiError
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.device import Device
from ringwake.softphone.dial import by_name, dial, why_unreachable
from ringwake.softphone.line import RegisterError
from ringwake.softphone.pushbox import PushboxError, PushboxRefusedError
from ringwake.softphone.settings import PhoneSettings

HELP = "a accept  r reject  h hang up  s sleep  q quit"
_WHY = {
    403: "the account may not register here, or the server does not know its domain",
    404: "the server does not know this domain",
    503: "the server is too busy, or too many attempts failed",
    555: "the server does not push to this service: was it started before `ringwake emulate`?",
}


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("user", help="account, such as alice; with a domain where there are several")
    parser.add_argument(
        "--provider", choices=[provider.value for provider in Provider], default="fcm", help="default: fcm"
    )
    parser.add_argument(
        "--server", type=_uri, help="SIP URI to look up by DNS, such as sips:example.com (default: ours)"
    )
    parser.add_argument("--transport", choices=[t.value for t in Transport], help="default: the server's first stream")
    parser.add_argument("--sleep", action="store_true", help="terminate the app once registered, and after each call")
    parser.add_argument("--answer", action="store_true", help="accept each call at once")
    parser.add_argument("--once", action="store_true", help="quit after the first call")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password (default: the lab's)")
    parser.add_argument("--plain", action="store_true", help="print lines on a terminal, too")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    settings = phone_settings(options, state_folder(options.state))
    try:
        return asyncio.run(_run(settings, options))
    except PushboxRefusedError as error:
        raise CommandError(str(error), FAILED) from None
    except (PushboxError, AccountApiError) as error:
        raise CommandError(str(error), UNREACHABLE) from None
    except RegisterError as error:
        why = _why(error.status, is_lab=options.password_file is None)
        raise CommandError(f"{error}{why}", FAILED if error.status else UNREACHABLE) from None
    except OSError as error:
        where = options.server or f"{settings.transport.value} {settings.server}"
        raise CommandError(f"the server at {where} cannot be reached: {why_unreachable(error)}", UNREACHABLE) from None


async def _run(settings: PhoneSettings, options: argparse.Namespace) -> int:
    ids = SystemIds()
    way = (
        by_name(options.server, Resolver(NameServer(), supported=Transport, chance=random)) if options.server else dial
    )

    def make(on_note: Callable[[PhoneNote], None]) -> Device:
        return Device(settings, ids, on_note=on_note, dial=way)

    if _has_screen(options):
        # Only here: it takes a while, and whoever wants lines need not wait for it.
        from ringwake.cli.terminal.run_phone import Habits, run_phone  # noqa: PLC0415

        habits = Habits(terminates=options.sleep, answers=options.answer, once=options.once)
        return await run_phone(settings, ids, habits, make=make)
    await _run_in_lines(make, options)
    return 0


def _has_screen(options: argparse.Namespace) -> bool:
    """Tell whether there is a terminal on which all may be drawn."""
    # Textual draws on standard error, so that must be the terminal, too.
    is_terminal = all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr))
    return is_terminal and os.environ.get("TERM", "") not in ("", "dumb") and not (options.plain or options.json)


async def _run_in_lines(make: Callable[[Callable[[PhoneNote], None]], Device], options: argparse.Namespace) -> None:
    screen = PhoneScreen(as_json=options.json, out=sys.stdout)
    words: asyncio.Queue[str] = asyncio.Queue()
    device = make(lambda note: words.put_nowait(screen.note(note)))
    person = Person(device, terminates=options.sleep, answers=options.answer, once=options.once)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, words.put_nowait, "q")
    with Keyboard(loop, words.put_nowait):
        try:
            screen.registered(await device.start(), HELP)
            await person.use(words)
        finally:
            await device.stop()


def _uri(text: str) -> Uri:
    try:
        return parse_uri(text if ":" in text else f"sip:{text}")
    except ParseError as error:
        raise argparse.ArgumentTypeError(f"{text}: {error.rule}; write it like sips:example.com") from None


def _why(status: int, *, is_lab: bool) -> str:
    if status == 401 and is_lab:
        return ": the server does not know the lab's password: start `ringwake serve` again, after `ringwake emulate`"
    if status == 401:
        return ": the password is wrong"
    if status == 0:
        return ": is the server still there?"
    return f": {_WHY.get(status, 'see the log of the server')}"
