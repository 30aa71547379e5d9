"""A random story through a whole server: who calls whom, who sleeps, what is lost, when the server dies.

One seed tells one story, word by word. Whatever a story does, the claims of `claims.py` hold at its end.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from random import Random
from typing import Any

from tests.simulation.handset import Habits, Handset
from tests.simulation.wilful import WilfulWorld
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import line_of
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone

from ringwake.model.message_ops import KeepMessage, MessageDone
from ringwake.model.push import Accepted, Outcome, Push, Refused, Throttled, Unreachable, Unregistered
from ringwake.model.store_ops import CancelCall, Decline, Finish, Invite, Op, Park, Recover, Recovered, Register
from ringwake.net.memory import Weather
from ringwake.sip.flow import Transport
from ringwake.ua.call import CallState, OutgoingCall

ACT_SECONDS = 120.0
QUIET_SECONDS = 400.0
"""After the last act: longer than any call, transaction or wake lasts."""
LAST_WORDS = 32.0
"""How long its transactions may go on when a call is over: 64 T1."""
OVER = frozenset({CallState.UP, CallState.ENDED})
CALLEES = ("alice", "carol")


@dataclass(frozen=True, slots=True, kw_only=True)
class Climate:
    """What a story has to live with."""

    weather: Weather
    restarts: int
    disk_seconds: float
    """Until something is durable; what is not is gone when the server dies."""
    disk_fails: bool
    push_trouble: float
    """Share of the pushes that the provider does not take."""

    @classmethod
    def drawn(cls, chance: Random) -> Climate:
        """Draw one. A disk that fails and a server that dies together may lose a call: the story has one of them."""
        restarts = chance.choice((0, 0, 1, 2))
        return cls(
            weather=Weather(
                loss=chance.choice((0.0, 0.05, 0.2)),
                delay=chance.choice((0.001, 0.02, 0.15)),
                jitter=chance.choice((0.0, 0.02, 0.3)),
            ),
            restarts=restarts,
            disk_seconds=chance.choice((0.0, 0.002, 0.02)),
            disk_fails=not restarts and chance.random() < 0.3,
            push_trouble=chance.choice((0.0, 0.1, 0.5)),
        )


@dataclass(slots=True)
class Attempt:
    """One call of the story, as its caller sees it."""

    caller: Phone
    call: OutgoingCall
    at: float
    over_at: float = inf
    was_cancelled: bool = False

    def was_under_way_at_any(self, moments: list[float]) -> bool:
        """Tell whether one of the moments fell into it. Its phones may hear of its end a while later."""
        return any(self.at <= moment <= self.over_at + LAST_WORDS for moment in moments)


class Story:
    """Callers, phones, a server, and what becomes of them."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(f"story {seed}")
        self.climate = Climate.drawn(self.chance)
        self.store = FaultyStore()
        self.world = WilfulWorld(seed=seed, store=self.store)
        self.world.provider.answer = self._outcome
        self.handsets: list[Handset] = []
        self.callers: list[Phone] = []
        self.attempts: list[Attempt] = []
        self.kept: list[tuple[str, str]] = []
        """User and text of each message that was answered 202."""
        self.deaths: list[float] = []
        """When the server died."""
        self.recovered = Recovered()
        """What is left in the store at the end."""
        self.errors: list[str] = []
        self.lines: list[str] = []
        self.world.loop.set_exception_handler(lambda _, context: self.errors.append(str(context)))
        self._ends_at = 0.0

    def log(self, line: str) -> None:
        """Write a line of the story."""
        self.lines.append(f"{self.world.loop.time() - 1000:9.3f}  {line}")

    async def tell(self) -> None:
        """Tell it to its quiet end."""
        await self._set_the_stage()
        self.log(f"{self.climate}")
        self.world.network.weather, self.store.delay = self.climate.weather, self.climate.disk_seconds
        self._ends_at = self.world.loop.time() + ACT_SECONDS
        async with asyncio.TaskGroup() as group:
            group.create_task(self._fate())
            for phone in self.handsets:
                group.create_task(self._live(phone))
            for caller in self.callers:
                group.create_task(self._be_busy(caller, group))
        await self._calm_down()

    async def end(self) -> None:
        """Let go of everything; the faults of the world are for the claims to tell."""
        for phone in self.world.phones:
            await phone.sleep()
        await self.world.stop()

    # ---- the actors

    async def _set_the_stage(self) -> None:
        wires = (Transport.UDP, Transport.TCP, Transport.TLS)
        users = ["alice"] * self.chance.randint(1, 3) + ["carol"]
        self.handsets = [self._handset(user, self.chance.choice(wires)) for user in users]
        for user in ("boss", "bob"):
            # A caller behind a connection cannot hear what became of its call when the server dies.
            wire = Transport.UDP if self.climate.restarts else self.chance.choice(wires)
            self.callers.append(self.world.phone(user, transport=wire, push=False))
        self.world.choose(Random(f"wishes {self.seed}"))
        for caller in self.callers:
            await caller.wake()
        for phone in self.handsets:
            await phone.come()
            if self.chance.random() < 0.7:
                await phone.put_away()

    def _handset(self, user: str, transport: Transport) -> Handset:
        plain = self.world.phone(user, transport=transport)
        handset = Handset(
            world=self.world,
            user=user,
            address=plain.address,
            transport=transport,
            token=plain.token,
            ids=plain.ids,
            instance=plain.instance,
            chance=self.chance,
            log=self.log,
        )
        self.world.phones[-1] = handset
        return handset

    def _outcome(self, push: Push) -> Outcome:
        del push
        provider, chance = self.world.provider, self.chance
        provider.delay = chance.choice((0.01, 0.05, 0.3, 3.0))
        if chance.random() >= self.climate.push_trouble:
            return Accepted("1")
        wall = self.world.wall(self.world.loop.time())
        return chance.choice(
            (
                Throttled("slow down", chance.choice((None, 0.5, 3.0))),
                Unreachable("down"),
                Refused("odd", chance.choice((400, 403, 500))),
                Unregistered("gone", chance.choice((None, wall - 30.0, wall))),
            )
        )

    # ---- what they do

    async def _be_busy(self, caller: Phone, group: asyncio.TaskGroup) -> None:
        """Call and write, now and then."""
        count = 0
        while (await self._a_while(8.0)) and (count := count + 1):
            user = self.chance.choice(CALLEES)
            if self.chance.random() < 0.7:
                group.create_task(self._call(caller, user))
            else:
                group.create_task(self._write(caller, user, f"{caller.user} {count}"))

    async def _call(self, caller: Phone, user: str) -> None:
        conversations = line_of(caller).conversations
        call = conversations.call(f"sip:{user}@{DOMAIN}")
        attempt = Attempt(caller, call, self.world.loop.time())
        self.attempts.append(attempt)
        self.log(f"{caller.user} calls {user}: {call.call_id[:8]}")
        patience = self.chance.choice((1.0, 25.0, 70.0))
        await self._until(lambda: call.state in OVER, self.chance.uniform(0.0, patience))
        if call.state not in OVER:
            self.log(f"{caller.user} cancels {call.call_id[:8]}")
            attempt.was_cancelled = True
            conversations.cancel(call)
            await self._until(lambda: call.state in OVER, 250.0)
        attempt.over_at = self.world.loop.time()
        self.log(f"{caller.user} hears {call.status} to {call.call_id[:8]}: {call.state.value}")
        if call.state is CallState.UP:
            await self._talk(attempt)

    async def _talk(self, attempt: Attempt) -> None:
        call = attempt.call
        if not attempt.was_cancelled:
            await pause(self.chance.uniform(0.0, 20.0))
            others = [(phone, c) for phone in self.handsets for c in phone.calls if c.call_id == call.call_id]
            for phone, incoming in others:
                if incoming.state is CallState.UP and phone.line is not None and self.chance.random() < 0.5:
                    self.log(f"{phone} hangs up {call.call_id[:8]}")
                    phone.line.conversations.hang_up(incoming)
        self.log(f"{attempt.caller.user} hangs up {call.call_id[:8]}")
        line_of(attempt.caller).conversations.hang_up(call)

    async def _write(self, caller: Phone, user: str, text: str) -> None:
        status = await line_of(caller).message(f"sip:{user}@{DOMAIN}", text)
        self.log(f"{caller.user} writes {text!r} to {user}: {status}")
        if status == 202:
            self.kept.append((user, text))

    async def _live(self, phone: Handset) -> None:
        """Open the app and put it away, now and then; seldom while it rings."""
        while await self._a_while(12.0):
            is_in_call = any(call.state in (CallState.ANSWERED, CallState.UP) for call in phone.calls)
            roll = self.chance.random()
            if roll < 0.4 and not is_in_call and (not phone.ringing() or self.chance.random() < 0.2):
                await phone.put_away()
            elif roll < 0.7:
                phone.spawn(phone.come())
            elif phone.line is not None:
                for _ in range(self.chance.randint(1, 4)):
                    await phone.come()

    async def _fate(self) -> None:
        """Let the server die, or its disk be full for a while."""
        for _ in range(self.climate.restarts):
            await pause(self.chance.uniform(5.0, ACT_SECONDS / 2))
            self.deaths.append(self.world.loop.time())
            await self._restart(self.chance.choice((0.05, 1.0, 5.0)))
        while self.climate.disk_fails and await self._a_while(20.0):
            kinds: tuple[type[Op[Any]], ...] = (
                Park,
                Invite,
                Decline,
                CancelCall,
                Finish,
                KeepMessage,
                MessageDone,
                Register,
            )
            self.store.broken = tuple(self.chance.sample(kinds, self.chance.randint(1, len(kinds))))
            self.log(f"the disk takes no {', '.join(kind.__name__ for kind in self.store.broken)}")
            await pause(self.chance.uniform(0.5, 15.0))
            self.store.broken = ()
            self.log("the disk takes everything")

    async def _restart(self, seconds: float) -> None:
        self.log("the server dies")
        await self.world.stop()
        self.store.lose_power()
        await pause(seconds)
        self.log("the server is there again")
        self.world.start()
        await self.world.recover()

    async def _calm_down(self) -> None:
        """Let the sun shine, bring every phone to the server, and wait until nothing is under way."""
        self.log("all is calm")
        self.world.network.weather = Weather()
        self.world.provider.answer = lambda _: Accepted("1")
        for phone in self.handsets:
            phone.habits = Habits(answers=0.0, busy=0.0, declines=0.0, dies=0.0, deaf=0.0)
            await phone.come()
        await pause(QUIET_SECONDS)
        await self._restart(1.0)  # finds what the store has kept for nothing
        await pause(QUIET_SECONDS)
        self.recovered = await self.store.do(Recover(wall=self.world.wall(self.world.loop.time())))

    # ---- time

    async def _a_while(self, mean: float) -> bool:
        """Let some time pass; False when the story nears its end."""
        await pause(self.chance.expovariate(1 / mean))
        return self.world.loop.time() < self._ends_at

    async def _until(self, is_so: Callable[[], bool], seconds: float) -> None:
        ends_at = self.world.loop.time() + seconds
        while not is_so() and self.world.loop.time() < ends_at:
            await pause(min(0.25, ends_at - self.world.loop.time()))
