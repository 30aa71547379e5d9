"""The full-screen phone without a terminal: what it draws, whether it has sounded, and pushes as a phone reads them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

from textual.pilot import Pilot

from ringwake.cli.terminal.phone_app import Noted, Phone, PhoneApp
from ringwake.cli.terminal.screen_state import ScreenState
from ringwake.softphone.account_api import AccountApi
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.notification import Notification, read_notification
from ringwake.softphone.pushbox import ReceivedPush

SMALL, LARGE = (40, 12), (80, 24)
ACCOUNT = "alice@ringwake.test fcm"
INSTANCE = "urn:uuid:00000000-0000-1000-8000-aabbccddeeff"


def fcm_push(kind: str, *, call_id: str = "c1", seq: int = 1, **data: Any) -> Notification:
    """Return a push as an Android phone reads it; `data` is what stands beside `ringwake` in it."""
    ours: dict[str, Any] = {"v": 1, "kind": kind, "id": f"{kind}-{call_id}-{seq}", "call_id": call_id, "seq": seq}
    payload = {"ringwake": json.dumps(ours), **data}
    return read_notification(ReceivedPush(provider="fcm", service="", id=ours["id"], payload=payload, display=None))


def push_note(push: Notification) -> PhoneNote:
    """Return the note by which a phone tells of a push."""
    return PhoneNote(1.0, "push", {"kind": push.kind, "text": push.text, "notification": push})


class HeardApp(PhoneApp):
    """Counts the bells."""

    bells = 0

    def bell(self) -> None:
        self.bells += 1


class Glass:
    """What the phone's owner sits before."""

    def __init__(self, app: HeardApp, pilot: Pilot[None], pressed: list[str]) -> None:
        self.app = app
        self.pilot = pilot
        self.pressed = pressed

    @property
    def bells(self) -> int:
        return self.app.bells

    @property
    def lines(self) -> list[str]:
        """What is drawn, row by row, without the blanks at the ends."""
        strips = self.app.screen._compositor.render_strips()
        return ["".join(segment.text for segment in strip).rstrip() for strip in strips]

    async def anew(self) -> None:
        """Begin again, with a phone to which nothing has happened."""
        self.app.phone = replace(self.app.phone, state=ScreenState(ACCOUNT))
        self.app.redraw()
        self.app.bells = 0
        await self.pilot.pause()

    async def note(self, what: str, **fields: Any) -> None:
        """Let the phone tell something."""
        await self.take(PhoneNote(1.0, what, fields))

    async def push(self, push: Notification) -> None:
        """Let the phone tell of a push."""
        await self.take(push_note(push))

    async def take(self, note: PhoneNote) -> None:
        """Let the phone tell something, until that is drawn."""
        self.app.post_message(Noted(note))
        await self.pilot.pause()

    async def press(self, *keys: str) -> None:
        """Press keys, until what they do is drawn."""
        await self.pilot.press(*keys)
        await self.pilot.pause()

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is the case; the test's own time limit ends it."""
        while not is_so():
            await self.pilot.pause(0.01)


@asynccontextmanager
async def glass(
    size: tuple[int, int] = SMALL,
    *,
    api: AccountApi | None = None,
    banner_seconds: float = 60.0,
    ring_seconds: float = 60.0,
) -> AsyncIterator[Glass]:
    """Open the program."""
    pressed: list[str] = []
    phone = Phone(
        state=ScreenState(ACCOUNT),
        instance=INSTANCE,
        press=pressed.append,
        api=api,
        banner_seconds=banner_seconds,
        ring_seconds=ring_seconds,
    )
    app = HeardApp(phone)
    async with app.run_test(size=size) as pilot:
        yield Glass(app, pilot, pressed)
