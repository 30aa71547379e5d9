"""The full-screen phone from its start to its end, whoever ends it."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ringwake.cli.person import Person, word_for
from ringwake.cli.terminal.phone_app import Noted, Phone, PhoneApp
from ringwake.cli.terminal.screen_state import ScreenState
from ringwake.cli.terminal.wishes import wishes_of
from ringwake.model.ports import Ids
from ringwake.softphone.account_api import AccountApi, AccountApiError
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.device import Device
from ringwake.softphone.settings import PhoneSettings

_AGAIN = 1.0
"""Seconds after which what does not end is told again."""
MakeDevice: TypeAlias = Callable[[Callable[[PhoneNote], None]], Device]
"""Makes a phone that tells what happens to whom it is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What its owner does without a key (`Person`)."""

    terminates: bool
    answers: bool
    once: bool


async def run_phone(settings: PhoneSettings, ids: Ids, habits: Habits, *, make: MakeDevice) -> int:
    """Show a phone until somebody quits; return the exit code.

    Args:
        settings: of the phone.
        ids: for the phone API.
        habits: of its owner.
        make: makes the phone.

    Raises:
        PushboxError: the push service cannot be reached.
        OSError: the server cannot be reached.
        RegisterError: it refuses.
        AccountApiError: a browser's keys could not be handed over.
    """
    life = _Life(settings, ids, habits, make)
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, life.app.exit)
    try:
        await life.app.run_async()
    finally:
        try:
            await life.end()
        finally:
            await life.device.stop()
    return life.app.return_code or 0


class _Life:
    """What goes on behind the screen."""

    def __init__(self, settings: PhoneSettings, ids: Ids, habits: Habits, make: MakeDevice) -> None:
        self._settings = settings
        self._habits = habits
        self._words: asyncio.Queue[str] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None
        who = settings.identity
        phone = Phone(
            state=ScreenState(f"{who.user}@{who.domain} {settings.provider}".strip()),
            instance=settings.instance,
            press=self._press,
            begin=self._begin,
            api=_api(settings, ids),
        )
        self.app = PhoneApp(phone)
        self.device = make(self.note)

    def note(self, note: PhoneNote) -> None:
        self.app.post_message(Noted(note))
        self._words.put_nowait(word_for(note))

    async def end(self) -> None:
        """End what goes on; raise what it ended with."""
        if self._task is not None:
            self._words.put_nowait("q")
            while not self._task.done():  # an await may keep one cancellation to itself
                self._task.cancel()
                await asyncio.wait([self._task], timeout=_AGAIN)
            if not self._task.cancelled() and (error := self._task.exception()) is not None:
                raise error

    def _press(self, key: str) -> None:
        self._words.put_nowait("s" if key == "t" else key)

    def _begin(self) -> None:
        self._task = asyncio.get_running_loop().create_task(self._live())

    async def _live(self) -> None:
        habits = self._habits
        try:
            await self.device.start()
            await self._read_wishes()
            person = Person(self.device, terminates=habits.terminates, answers=habits.answers, once=habits.once)
            await person.use(self._words)
        finally:
            self.app.exit()

    async def _read_wishes(self) -> None:
        api = self.app.phone.api
        if api is None:
            return
        try:
            self.app.take_wishes(wishes_of((await api.settings()).document, self._settings.instance))
        except AccountApiError as error:
            self.app.phone.state.say(f"The settings could not be read: {error}.")
            self.app.redraw()


def _api(settings: PhoneSettings, ids: Ids) -> AccountApi | None:
    if not settings.public_url:
        return None
    authorities = settings.ca_file.read_bytes() if settings.ca_file else None
    return AccountApi(settings.public_url, identity=settings.identity, ids=ids, ca=authorities)
