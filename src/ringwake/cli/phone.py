"""`ringwake phone`: the softphone in a terminal. It registers, sleeps, is called, shows the alert; press a or r."""

from __future__ import annotations

import argparse
import asyncio
import secrets
import signal
import sys
import uuid
from pathlib import Path
from typing import Any

from ringwake.app.running import SystemIds
from ringwake.cli.failure import FAILED, UNREACHABLE, USAGE, CommandError
from ringwake.cli.keyboard import Keyboard
from ringwake.cli.operator import running, state_folder
from ringwake.cli.options import add_json, add_state
from ringwake.cli.phone_screen import PhoneScreen
from ringwake.config.embedded import lab_config
from ringwake.config.load import ConfigError, host_port
from ringwake.config.schema import Config
from ringwake.config.state import StateFolder
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport
from ringwake.softphone.account_api import AccountApiError
from ringwake.softphone.device import Device
from ringwake.softphone.line import RegisterError
from ringwake.softphone.pushbox import PushboxError
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.identity import Identity

HELP = "a accept  r reject  h hang up  s sleep  q quit"


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    parser.add_argument("user", help="account, such as alice; with a domain where there are several")
    parser.add_argument("--provider", choices=["apns", "fcm", "webpush"], default="fcm", help="default: fcm")
    parser.add_argument("--transport", choices=[t.value for t in Transport], help="default: the server's first stream")
    parser.add_argument("--sleep", action="store_true", help="terminate the app once registered, and after each call")
    parser.add_argument("--answer", action="store_true", help="accept each call at once")
    parser.add_argument("--once", action="store_true", help="quit after the first call")
    parser.add_argument("--password-file", type=Path, help="file whose first line is the password (default: the lab's)")
    add_json(parser)
    add_state(parser)


def run(options: argparse.Namespace) -> int:
    """Run the command."""
    state = state_folder(options.state)
    settings = _settings(options, state)
    try:
        return asyncio.run(_run(settings, options))
    except (PushboxError, AccountApiError) as error:
        raise CommandError(str(error), UNREACHABLE) from None
    except RegisterError as error:
        raise CommandError(f"{error}: {_why(error.status)}", FAILED) from None
    except OSError as error:
        where = f"{settings.transport} {settings.server}"
        raise CommandError(f"the server at {where} cannot be reached: {error.strerror or error}", UNREACHABLE) from None


async def _run(settings: PhoneSettings, options: argparse.Namespace) -> int:
    screen = PhoneScreen(as_json=options.json, out=sys.stdout)
    keys: asyncio.Queue[str] = asyncio.Queue()
    device = Device(settings, SystemIds(), on_note=lambda note: keys.put_nowait(screen.note(note)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, keys.put_nowait, "q")
    with Keyboard(loop, keys.put_nowait):
        try:
            granted = await device.start()
            screen.registered(granted, HELP)
            if options.sleep:
                await device.terminate()
            await _listen(device, keys, options)
        finally:
            await device.stop()
    return 0


async def _listen(device: Device, keys: asyncio.Queue[str], options: argparse.Namespace) -> None:
    """Take keys and what the phone reports, until q."""
    while True:
        key = await keys.get()
        call = device.current_call
        match key:
            case "q":
                return
            case "a" if call is not None:
                device.accept(call)
            case "r" if call is not None:
                device.reject(call, 603)
            case "h" if call is not None:
                device.hang_up(call)
            case "s":
                await device.terminate()
            case "ringing" if options.answer and call is not None:
                device.accept(call)
            case "ended":
                if options.sleep:
                    await device.terminate()
                if options.once:
                    return
            case _:
                pass


def _settings(options: argparse.Namespace, state: StateFolder) -> PhoneSettings:
    try:
        lab = lab_config(state)
    except ConfigError as error:
        raise CommandError(str(error), USAGE) from None
    if lab is None or lab.lab is None:
        raise CommandError("no push services answer: start `ringwake emulate`", UNREACHABLE)
    server = running(state)
    user, domain, password = _account(options, lab)
    address, transport = _listener(server.listen, options.transport)
    name = f"{user}-{options.provider}"
    memory = _memory(state, name)
    return PhoneSettings(
        identity=Identity(user=user, domain=domain, password=password, display=user.title()),
        server=address,
        transport=transport,
        ca_file=Path(lab.lab.ca_file),
        provider=options.provider,
        app={"apns": lab.lab.bundle, "fcm": lab.lab.project}.get(options.provider, ""),
        inbox=lab.lab.inbox,
        device=name,
        device_secret=Secret(memory["secret"]),
        instance=memory["instance"],
        public_url=server.public,
    )


def _account(options: argparse.Namespace, lab: Config) -> tuple[str, str, Secret[str]]:
    user, _, domain = options.user.partition("@")
    for tenant in lab.tenant:
        for account in tenant.account:
            if account.user == user and domain in ("", tenant.domain) and not options.password_file:
                return user, tenant.domain, Secret(account.password)
    if options.password_file is None:
        raise CommandError(f"the lab has no account {options.user}: give --password-file", USAGE)
    try:
        password = options.password_file.read_text().partition("\n")[0]
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"{options.password_file} cannot be read", USAGE) from None
    return user, domain or lab.tenant[0].domain, Secret(password)


def _listener(listen: list[dict[str, str]], wanted: str | None) -> tuple[Address, Transport]:
    """Choose a listener: the one asked for, else the first that is a stream."""
    fit = [one for one in listen if (one["transport"] == wanted if wanted else one["transport"] != "udp")]
    if not fit:
        raise CommandError(f"the server does not listen on {wanted or 'a stream transport'}", USAGE)
    at = host_port(fit[0]["address"], "listen")
    return Address(at.host, at.port), Transport(fit[0]["transport"])


def _memory(state: StateFolder, name: str) -> dict[str, Any]:
    memory = state.recall(name)
    if not memory:
        memory = {"secret": secrets.token_urlsafe(24), "instance": f"urn:uuid:{uuid.uuid4()}"}
        state.remember(name, memory)
    return memory


def _why(status: int) -> str:
    return {
        401: "the password is wrong",
        403: "the account may not register here",
        404: "the server does not know this domain",
        503: "the server is too busy, or too many attempts failed",
        555: "the server does not push to this service: was it started before `ringwake emulate`?",
    }.get(status, "see `ringwake trace` and the server's log")
