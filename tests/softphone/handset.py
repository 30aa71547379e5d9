"""A phone in a world in memory and virtual time, and what it has told."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine
from random import Random
from typing import Any

from tests.softphone.hand_server import SERVER, memory_dial
from tests.support.ids import SeededIds
from tests.support.in_world import in_world
from tests.support.world import DOMAIN, World

from ringwake.secret import Secret
from ringwake.sip.flow import Transport
from ringwake.softphone.app_state import AppState, PhoneNote
from ringwake.softphone.device import Device
from ringwake.softphone.pushbox import ReceivedPush
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.identity import Identity


class Handset:
    """A device in a world, and what it has told."""

    def __init__(self, world: World, user: str = "alice", password: str = "") -> None:
        self.world = world
        self.notes: list[PhoneNote] = []
        self.acts: Callable[[Handset], None] = lambda _: None
        """What its owner does when it rings."""
        settings = PhoneSettings(
            identity=Identity(user=user, domain=DOMAIN, password=Secret(password or f"{user}-password")),
            server=SERVER,
            transport=Transport.TLS,
            device_secret=Secret("-"),
            instance="urn:uuid:00000000-0000-4000-8000-000000000009",
        )
        self.device = Device(
            settings,
            SeededIds(Random(7)),
            on_note=self.take,
            on_call=lambda _: self.acts(self),
            dial=memory_dial(world.network),
        )

    def take(self, note: PhoneNote) -> None:
        """Take what it tells."""
        self.notes.append(note)

    def kinds(self) -> list[str]:
        return [note.what for note in self.notes]

    def noted(self, what: str) -> list[dict[str, Any]]:
        return [note.fields for note in self.notes if note.what == what]

    def accept(self) -> None:
        assert self.device.current_call is not None
        self.device.accept(self.device.current_call)

    def reject(self, status: int = 486) -> None:
        assert self.device.current_call is not None
        self.device.reject(self.device.current_call, status)

    def pushed(self, kind: str = "call", name: str = "p1", *, sender: str = "", call_id: str = "") -> None:
        """Hand it a push."""
        ours = json.dumps({"kind": kind, "id": name, "from": {"name": sender}, "call_id": call_id})
        payload = {"ringwake": ours, "body": f"{sender} calling"} if sender else {"ringwake": ours}
        self.device._pushed(ReceivedPush(provider="fcm", service="", id=name, payload=payload, display=None))

    @property
    def aor(self) -> str:
        return self.device.settings.identity.aor


Story = Callable[[World, Handset], Coroutine[Any, Any, None]]


def at_home(story: Story, **options: Any) -> None:
    """Run a test with a phone that is off; it is switched off at the end."""

    async def main(world: World) -> None:
        handset = Handset(world, **options)
        await story(world, handset)
        await handset.device.stop()
        assert handset.device.state is AppState.OFF

    in_world(main)
