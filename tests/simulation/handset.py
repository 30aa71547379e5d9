"""A phone as people have it: it is pushed to, comes, rings, is answered or not, and its app dies when it likes.

It does what `softphone.device` does, over the wires of a `World`: the same line comes back after it was lost, a push
that is known is left alone, and a person's doings are drawn from the story's chance.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.virtual_loop import pause
from tests.support.world import Phone

from ringwake.model.push import Kind, Push
from ringwake.softphone.line import Line, RegisterError
from ringwake.softphone.line_events import InviteArrived, LineEvent, LineLost, MessageArrived
from ringwake.ua.call import CallState, IncomingCall

PAUSES = (0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
"""Seconds before it tries to come again; the last one repeats."""
_ENDS = frozenset({Kind.CANCEL, Kind.MISSED, Kind.ELSEWHERE})
"""Pushes after which a call is no longer shown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Habits:
    """What its owner does when it rings."""

    answers: float = 0.5
    """Shares of the calls; what is left of 1 nobody takes."""
    busy: float = 0.1
    declines: float = 0.1
    dies: float = 0.1
    """The app is closed while it rings."""
    slowest: float = 15.0
    """Seconds until the owner does it, at most."""
    deaf: float = 0.1
    """Share of the pushes that a provider has taken and that never come."""


@dataclass
class Handset(Phone):
    """One phone of the story."""

    chance: Random = field(default_factory=Random)
    habits: Habits = field(default_factory=Habits)
    log: Callable[[str], None] = lambda _: None
    rang: list[tuple[int, str]] = field(default_factory=list)
    """Life of the app and Call-ID, for each call that was shown."""
    shown: dict[str, str] = field(default_factory=dict)
    """Texts by the Call-ID of their MESSAGE: a second copy is not shown."""
    screen: list[IncomingCall] = field(default_factory=list)
    """The calls of this life of the app."""
    life: int = 0
    """Counts how often the app was started."""
    _known: set[str] = field(default_factory=set)
    _is_coming: bool = False
    _is_wanted: bool = False
    _hurry: asyncio.Event = field(default_factory=asyncio.Event)

    # ---- what its owner and its system do

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside everything else."""
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def pushed(self, push: Push) -> None:
        """Take a push, if it gets here."""
        if self.chance.random() < self.habits.deaf:
            self.log(f"{self} never sees the push ({push.notice.kind.value})")
            return
        self.pushes.append(push)
        if push.notice.id not in self._known:
            self._known.add(push.notice.id)
            self.log(f"{self} is pushed ({push.notice.kind.value})")
            if push.notice.kind in _ENDS:
                self.screen = [call for call in self.screen if call.call_id != push.notice.call_id]
            self.spawn(self.come())

    async def come(self) -> None:
        """Start the app if it is not there, and register; again and again until that works or the app is closed."""
        self._is_wanted = True
        self._hurry.set()
        if self._is_coming:
            return
        self._is_coming, tries = True, 0
        try:
            while not await self._try() and self._is_wanted:
                await self._rest(PAUSES[min(tries, len(PAUSES) - 1)])
                tries += 1
        finally:
            self._is_coming = False

    async def put_away(self) -> None:
        """Close the app: what it knew of its calls is gone."""
        self._is_wanted = False
        self.screen = []
        if self.line is not None:
            self.log(f"{self} is put away")
            await self.sleep()

    def ringing(self) -> list[IncomingCall]:
        """Return the calls that its screen shows."""
        return [call for call in self.screen if call.state is CallState.RINGING]

    # ---- inside

    async def _try(self) -> bool:
        try:
            if self.line is None:
                await self._start()
            else:
                if self.line.is_lost:
                    await self.line.open()
                await self.register()
        except (OSError, RegisterError) as error:
            self.log(f"{self} could not register: {error}")
            return False
        self.log(f"{self} has registered")
        return True

    async def _rest(self, seconds: float) -> None:
        """Wait before the next try, or until somebody wants it at once."""
        self._hurry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._hurry.wait()

    async def _start(self) -> None:
        self.life += 1
        try:
            await self.wake()
        except OSError:
            await self.sleep()
            raise

    def _event(self, event: LineEvent) -> None:
        match event:
            case LineLost():
                self.log(f"{self} has lost its line")
                self.spawn(self.come())
            case InviteArrived(call=call):
                self.rang.append((self.life, call.call_id))
                self.calls.append(call)
                self.screen.append(call)
                self.log(f"{self} rings for {call.call_id[:8]}")
                self._decide(call)
            case MessageArrived(call_id=call_id, text=text):
                self.texts.append(text)
                self.shown.setdefault(call_id, text)
            case _:
                pass

    def _decide(self, call: IncomingCall) -> None:
        roll, habits, line = self.chance.random(), self.habits, self.line
        assert line is not None
        doings: list[tuple[float, str, Callable[[], object]]] = [
            (habits.answers, "answers", lambda: line.conversations.accept(call, self.world.loop.time())),
            (habits.busy, "is busy", lambda: line.conversations.reject(call, 486)),
            (habits.declines, "declines", lambda: line.conversations.reject(call, 603)),
            (habits.dies, "dies", lambda: self.spawn(self.put_away())),
        ]
        for share, word, doing in doings:
            if roll < share:
                at_once = self.chance.random() < 0.3
                self.spawn(self._later(0.0 if at_once else self.habits.slowest, line, call, word, doing))
                return
            roll -= share

    async def _later(self, most: float, line: Line, call: IncomingCall, word: str, doing: Callable[[], object]) -> None:
        await pause(self.chance.uniform(0.0, most))
        if self.line is line and not line.is_lost and call.state is CallState.RINGING:
            self.log(f"{self} {word} {call.call_id[:8]}")
            doing()

    def __str__(self) -> str:
        return f"{self.user}@{self.address.host.rpartition('.')[2]}/{self.transport.value}"
