"""The stage: emulated push services, a server with a database of its own, and phones, in one process on loopback."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from pathlib import Path

from ringwake.app.running import App
from ringwake.app.senders import parts_of
from ringwake.app.system import SystemIds
from ringwake.cli.demonstration.record import Record
from ringwake.cli.lab_toml import lab_app, lab_toml
from ringwake.config.embedded import DOMAIN
from ringwake.config.load import parse
from ringwake.emulators.lab import Lab
from ringwake.model.events import Event, Happened
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.device import Device
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.call import IncomingCall
from ringwake.ua.identity import Identity

WAKE_SECONDS = 4
"""A wake on loopback takes milliseconds; nobody should watch a demonstration wait for a service that is off."""
SETTLE_SECONDS = 1.0
WAKING = ("call", "message", "refresh")
_TABLES = """\
[wake]
wake_timeout = {wake}
ring_timeout = 20
grant = {grant}
refresh_every = {every}
refresh_lead = {lead}

[[listen]]
transport = "udp"
address = "127.0.0.1:0"

[[listen]]
transport = "tcp"
address = "127.0.0.1:0"

[[listen]]
transport = "tls"
address = "127.0.0.1:0"
certificate = "{certificate}"
key = "{key}"

[[listen]]
transport = "wss"
address = "127.0.0.1:0"
certificate = "{certificate}"
key = "{key}"

[public]
listen = "127.0.0.1:0"
certificate = "{certificate}"
key = "{key}"
"""
_SAYINGS = {
    Happened.INVITE_RECEIVED: "INVITE received",
    Happened.CALL_PARKED: "call parked on disk, 100 Trying",
    Happened.PUSH_SENT: "push sent ({kind})",
    Happened.PUSH_ACCEPTED: "push accepted by the service",
    Happened.PUSH_FAILED: "push failed: {reason}",
    Happened.DEVICE_WOKEN: "phone has registered: releasing the INVITE",
    Happened.INVITE_SENT: "INVITE sent to the phone over {transport}",
    Happened.RINGING: "{status} passed on",
    Happened.CALL_ENDED: "{status} passed on: {end}",
    Happened.MESSAGE_KEPT: "message on disk, 202 Accepted",
    Happened.MESSAGE_DELIVERED: "message delivered ({status})",
}
_PHONE_SAYINGS = {
    "push": "push received: {kind} {text}",
    "registered": "registered for {expires} s",
    "invite": "INVITE received: ringing",
    "message": "message shown: {text}",
    "terminated": "app terminated, sockets closed",
    "awake": "app started",
    "wake failed": "waking failed: {reason}",
}


class Stage:
    """One server with the laboratory around it."""

    def __init__(self, lab: Lab, app: App, record: Record, passwords: dict[str, str]) -> None:
        self.lab = lab
        self.app = app
        self.record = record
        self.events: list[Event] = []
        """What the server has noted."""
        self._passwords = passwords
        self._phones: list[Device] = []
        app.listeners.append(self._noted)

    @classmethod
    async def open(
        cls,
        lab: Lab,
        folder: Path,
        users: list[str],
        *,
        grant: float = 2_592_000,
        refresh: tuple[float, float] | None = None,
    ) -> Stage:
        """Start a server that uses the laboratory.

        Args:
            lab: running emulators.
            folder: for the server's database; it is there.
            users: the accounts.
            grant: expiry granted to phones with a token, seconds.
            refresh: (every, lead) of silent pushes, seconds; None for never during a demonstration.
        """
        passwords = {user: secrets.token_urlsafe(12) for user in users}
        certificate, key = lab.credentials.server_files
        every, lead = refresh or (grant / 4, grant / 50)
        tables = _TABLES.format(
            wake=WAKE_SECONDS, grant=grant, every=every, lead=lead, certificate=certificate, key=key
        )
        config = parse(lab_toml(lab, passwords, more=tables).replace("[server]\n", '[server]\nhttp = "127.0.0.1:0"\n'))
        app = await App.start(parts_of(config, folder), token=Secret(secrets.token_urlsafe(16)))
        return cls(lab, app, Record(), passwords)

    async def close(self) -> None:
        """Stop the phones and the server."""
        for phone in self._phones:
            await phone.stop()
        await self.app.stop()

    def phone(
        self,
        user: str,
        transport: Transport,
        *,
        provider: str = "",
        on_call: Callable[[IncomingCall], None] = lambda _: None,
    ) -> Device:
        """Make a phone that is off."""
        at = next(one["address"] for one in self.app.listen if one["transport"] == transport.value)
        host, _, port = at.rpartition(":")
        settings = PhoneSettings(
            identity=Identity(user=user, domain=DOMAIN, password=Secret(self._passwords[user]), display=user.title()),
            server=Address(host, int(port)),
            transport=transport,
            ca_file=self.lab.ca_file,
            provider=provider,
            app=lab_app(self.lab, provider),
            inbox=self.lab.inbox_url,
            device=f"{user}-{provider}" if provider else "",
            device_secret=Secret(secrets.token_urlsafe(16)),
            instance=f"urn:uuid:{uuid.uuid4()}",
            public_url=self.app.public,
        )
        who = f"{user}'s phone" if provider else user

        def on_note(note: PhoneNote) -> None:
            self._phone_noted(who, note)

        phone = Device(settings, SystemIds(), on_note=on_note, on_call=on_call)
        self._phones.append(phone)
        return phone

    def measure(self, first: Happened, second: Happened) -> float | None:
        """Return milliseconds between the first events of two kinds in this scenario."""
        starts = [event.at for event in self.events if event.what is first]
        ends = [event.at for event in self.events if event.what is second]
        return round((ends[0] - starts[0]) * 1000, 2) if starts and ends else None

    async def settle(self) -> None:
        """Wait until the push services have answered, so that no answer shows in the next scenario."""
        await self.record.until(lambda: self._waking() <= self._answered(), SETTLE_SECONDS)

    def why(self) -> str:
        """Return a sentence on where the scenario was lost."""
        failed = [event for event in self.events if event.what is Happened.PUSH_FAILED]
        last = self.app.traces.find("last")
        if last is not None and any(event.what is Happened.INVITE_RECEIVED for event in self.events):
            return last.verdict()
        if failed:
            return f"the push service did not take the push: {failed[-1].fields.get('reason')}"
        return "what should have happened did not happen in time"

    def begin(self) -> None:
        """Start a scenario."""
        self.events.clear()
        self.record.begin()

    def _waking(self) -> int:
        """Count the pushes that were to wake a phone: of the others the answers are not always told."""
        sent = (event for event in self.events if event.what is Happened.PUSH_SENT)
        return sum(event.fields.get("kind") in WAKING for event in sent)

    def _answered(self) -> int:
        return sum(event.what in (Happened.PUSH_ACCEPTED, Happened.PUSH_FAILED) for event in self.events)

    def _noted(self, event: Event) -> None:
        self.events.append(event)
        saying = _SAYINGS.get(event.what)
        if saying is not None:
            fields = {"kind": "call", "reason": "", **event.fields}
            self.record.step("server", saying.format(**fields), event.at)

    def _phone_noted(self, who: str, note: PhoneNote) -> None:
        if note.what == "call":
            state = note.fields["state"]
            self.record.step(who, f"call {state}" + (f" ({note.fields['ending']})" if note.fields["ending"] else ""))
            return
        saying = _PHONE_SAYINGS.get(note.what, note.what)
        self.record.step(who, saying.format(**note.fields).rstrip(), note.at)
