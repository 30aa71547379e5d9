"""A home: a real server on loopback, emulated push services around it, and phones that tell what happens to them."""

from __future__ import annotations

import asyncio
import secrets
import time
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from ringwake.app.running import App
from ringwake.app.senders import parts_of
from ringwake.app.system import SystemIds
from ringwake.cli.lab_toml import lab_app, lab_toml
from ringwake.config.embedded import DOMAIN
from ringwake.config.load import parse
from ringwake.config.schema import Config
from ringwake.emulators.clock import Clock
from ringwake.emulators.lab import Lab
from ringwake.model.events import Event, Happened
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.device import Device
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.identity import Identity

wall = time.time  # noqa: TID251  server and emulators need the same clock
USERS = ("alice", "bob", "boss")
TOKEN = Secret("the operator's token")
_SECURE = 'certificate = "{certificate}"\nkey = "{key}"\n'
TABLES = """\
[wake]
wake_timeout = 5
ring_timeout = 20

[[listen]]
transport = "udp"
address = "127.0.0.1:0"

[[listen]]
transport = "tcp"
address = "127.0.0.1:0"

[[listen]]
transport = "ws"
address = "127.0.0.1:0"

[[listen]]
transport = "tls"
address = "127.0.0.1:0"
{secure}
[[listen]]
transport = "wss"
address = "127.0.0.1:0"
{secure}
[[peer]]
address = "127.0.0.0/8"
may_call = true

[public]
listen = "127.0.0.1:0"
{secure}
"""


class Happenings:
    """What was reported, in order; waits for what is yet to come."""

    def __init__(self) -> None:
        self.notes: list[PhoneNote] = []
        self.events: list[Event] = []
        self._changed = asyncio.Event()

    def note(self, note: PhoneNote) -> None:
        self.notes.append(note)
        self._changed.set()

    def event(self, event: Event) -> None:
        self.events.append(event)
        self._changed.set()

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is the case; it is asked after each report."""
        while not is_so():
            self._changed.clear()
            await self._changed.wait()

    async def noted(self, what: str, **fields: Any) -> PhoneNote:
        """Return the first note of that kind with these fields; wait for it if need be."""

        def found() -> PhoneNote | None:
            return next((n for n in self.notes if n.what == what and fields.items() <= n.fields.items()), None)

        await self.until(found)
        note = found()
        assert note is not None
        return note

    async def happened(self, what: Happened) -> Event:
        """Return the server's first event of that kind; wait for it if need be."""
        await self.until(lambda: any(event.what is what for event in self.events))
        return next(event for event in self.events if event.what is what)

    def kinds(self) -> list[str]:
        """Return the kinds of all notes."""
        return [note.what for note in self.notes]


class Home:
    """One server with the laboratory around it."""

    def __init__(self, lab: Lab, app: App, config: Config, passwords: dict[str, str]) -> None:
        self.lab = lab
        self.app = app
        self.config = config
        self.passwords = passwords
        self.server = Happenings()
        self.phones: list[Device] = []
        app.listeners.append(self.server.event)

    def address(self, transport: Transport) -> Address:
        """Return where the server listens."""
        at = next(one["address"] for one in self.app.listen if one["transport"] == transport.value)
        host, _, port = at.rpartition(":")
        return Address(host, int(port))

    def settings(
        self, user: str = "alice", provider: str = "fcm", transport: Transport = Transport.TCP, **changes: Any
    ) -> PhoneSettings:
        """Return the settings of a phone; a caller has no push."""
        values: dict[str, Any] = {
            "identity": Identity(user=user, domain=DOMAIN, password=Secret(self.passwords[user]), display=user.title()),
            "server": self.address(transport),
            "transport": transport,
            "ca_file": self.lab.ca_file,
            "provider": provider,
            "app": lab_app(self.lab, provider),
            "inbox": self.lab.inbox_url,
            "device": f"{user}-{provider}",
            "device_secret": Secret(secrets.token_urlsafe(16)),
            "instance": f"urn:uuid:{uuid.uuid4()}",
            "public_url": self.app.public,
        }
        return PhoneSettings(**{**values, **changes})

    def phone(
        self, user: str = "alice", provider: str = "fcm", transport: Transport = Transport.TCP, **changes: Any
    ) -> tuple[Device, Happenings]:
        """Return a phone that is off, and what happens to it."""
        happenings = Happenings()
        phone = Device(self.settings(user, provider, transport, **changes), SystemIds(), on_note=happenings.note)
        self.phones.append(phone)
        return phone, happenings


def home_config(lab: Lab, passwords: dict[str, str], *, tables: str = TABLES, tenant: str = "") -> Config:
    """Return a configuration with every transport; `tenant` is a line more for its tenant."""
    certificate, key = lab.credentials.server_files
    more = tables.format(secure=_SECURE.format(certificate=certificate, key=key))
    text = lab_toml(lab, passwords, more=more).replace("[server]\n", '[server]\nhttp = "127.0.0.1:0"\n')
    return parse(text.replace("[[tenant]]\n", f"[[tenant]]\n{tenant}\n"))


@asynccontextmanager
async def open_home(folder: Path, lab_folder: Path, *, tables: str = TABLES, tenant: str = "") -> AsyncIterator[Home]:
    """Open a home; phones are stopped with it.

    Args:
        folder: for the server's database.
        lab_folder: keeps the laboratory's keys from test to test: making them is slow.
        tables: of the configuration.
        tenant: a line more for its tenant.
    """
    async with Lab.open(lab_folder, clock=Clock(wall)) as lab:
        await lab.switches.set("apns", token_interval=0)
        passwords = {user: f"{user}-password" for user in USERS}
        config = home_config(lab, passwords, tables=tables, tenant=tenant)
        app = await App.start(parts_of(config, folder), token=TOKEN)
        home = Home(lab, app, config, passwords)
        try:
            yield home
        finally:
            for phone in home.phones:
                await phone.stop()
            await app.stop()
