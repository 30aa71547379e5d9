"""A home in a thread of its own, known to a state folder: what `ringwake emulate` and `serve` make together."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.support.home import TOKEN, Home, open_home

from ringwake.cli.lab_toml import lab_toml
from ringwake.config.state import RunningServer, StateFolder
from ringwake.sip.flow import Transport
from ringwake.softphone.device import Device
from ringwake.ua.call import OutgoingCall

T = TypeVar("T")
SECONDS = 20.0


@dataclass
class Household:
    """Reaches the home from other threads."""

    home: Home
    state: StateFolder
    _loop: asyncio.AbstractEventLoop

    def do(self, work: Callable[[Home], Awaitable[T]]) -> T:
        """Do something in the home's thread and return what it gives."""

        async def doing() -> T:
            async with asyncio.timeout(SECONDS):
                return await work(self.home)

        return asyncio.run_coroutine_threadsafe(doing(), self._loop).result(SECONDS + 1)

    def call(self, user: str = "alice") -> tuple[Device, OutgoingCall]:
        """Let a caller call a phone."""

        async def calling(home: Home) -> tuple[Device, OutgoingCall]:
            boss, _ = home.phone("boss", "", Transport.UDP)
            await boss.start()
            return boss, boss.call(f"sip:{user}@{boss.settings.identity.domain}")

        return self.do(calling)

    def hang_up(self, boss: Device, call: OutgoingCall) -> None:
        """Let the caller hang up."""

        async def hanging_up(_: Home) -> None:
            boss.hang_up(call)

        self.do(hanging_up)

    def write(self, text: str, user: str = "alice") -> int:
        """Let somebody write to a phone; return the status."""

        async def writing(home: Home) -> int:
            boss, _ = home.phone("boss", "", Transport.UDP)
            await boss.start()
            return await boss.message(f"sip:{user}@{boss.settings.identity.domain}", text)

        return self.do(writing)

    def registered(self, user: str = "alice", provider: str = "fcm") -> None:
        """Let a phone register and be terminated."""

        async def registering(home: Home) -> None:
            phone, _ = home.phone(user, provider, Transport.TLS)
            await phone.start()
            await phone.terminate()

        self.do(registering)


@contextmanager
def household(state_path: Path, lab_folder: Path) -> Iterator[Household]:
    """Open a home, and tell the state folder of it."""
    state = StateFolder(state_path)
    state.ensure()
    ready: list[Household] = []
    errors: list[BaseException] = []
    is_ready, is_over = threading.Event(), threading.Event()

    async def live() -> None:
        loop = asyncio.get_running_loop()
        async with open_home(state_path, lab_folder) as home:
            state.write("lab.toml", lab_toml(home.lab, home.passwords))
            state.tell(RunningServer(home.app.http, TOKEN, home.app.listen, home.app.public))
            ready.append(Household(home, state, loop))
            is_ready.set()
            await loop.run_in_executor(None, is_over.wait)
        state.untell()
        state.lab_file.unlink()

    def thread() -> None:
        try:
            asyncio.run(live())
        except BaseException as error:  # noqa: BLE001  the test raises it
            errors.append(error)
            is_ready.set()

    living = threading.Thread(target=thread, daemon=True)
    living.start()
    is_ready.wait(SECONDS)
    try:
        if ready:
            yield ready[0]
    finally:
        is_over.set()
        living.join(SECONDS)
        if errors:
            raise errors[0]
