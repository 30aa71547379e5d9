"""Thousands of calls of every kind, one after the other and at once: what was held for them is let go (reliability P9).

The floor is what an idle server holds: its two owners that never end, and the flows of the phones that are awake.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from tests.support.in_world import answer, asleep, awake, call, cancel, hang_up, in_world, line_of, refuse
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import Phone, World

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable
from ringwake.model.store_ops import Recover
from ringwake.observe.metrics import Metrics
from ringwake.observe.trace import MAX_TRACES, Traces
from ringwake.registrar.merge import MAX_BINDINGS
from ringwake.sip.flow import Address, Transport
from ringwake.sip.timers import TIMEOUT
from ringwake.ua.call import CallState
from ringwake.wake.callers import Callers

OK = Accepted("1")
OUTCOMES: tuple[Outcome, ...] = (
    *(OK, OK, OK, OK, OK, OK),
    Unreachable("down"),
    Throttled("slow", 2.0),
    Refused("BadRequest", 400),
    Refused("InvalidProviderToken", 403),
)

REFUSALS = (302, 401, 404, 407, 408, 480, 482, 486, 503, 600, 603)


def held(world: World) -> dict[str, int]:
    """Return the size of everything that a call, a message or a registration may leave something in."""
    calls, layer, presence = world.core.calls, world.stack._layer, world.core.presence
    clients, servers = layer._clients, layer._servers
    parts: dict[str, Any] = {
        "owners": calls,
        "owners by branch": calls._by_branch,
        "owners by transaction": calls._by_transaction,
        "owners by account": calls._by_aor,
        "timers": calls._timers,
        "lingering": calls._lingering,
        "wakes": world.core.means.budget,
        "callers": world.core.means.callers,
        "client transactions": clients,
        "client transactions by flow": clients._by_flow,
        "client timers": clients._deadlines,
        "server transactions": servers,
        "server timers": servers._deadlines,
        "phones that are awake": presence,
        "flows of phones": presence._bindings,
        "accounts of phones": presence._by_aor,
        "pushes under way": world.performer._pushes,
        "effects": world.performer._queue,
    }
    return {name: len(part) for name, part in parts.items()}


class Life:
    """What may happen to an account, in any order."""

    def __init__(self, world: World, alice: Phone, boss: Phone, seed: int) -> None:
        self.world, self.alice, self.boss, self.chance = world, alice, boss, Random(seed)
        world.provider.answer = lambda _: self.chance.choice(OUTCOMES)
        self.acts: list[Callable[[], Awaitable[None]]] = [
            self.talk,
            self.hang_up_early,
            self.decline,
            self.let_it_ring,
            self.vanish_while_it_rings,
            self.write,
            self.log_out,
            self.come_back,
            self.ask,
            self.register_elsewhere,
        ]

    async def act(self) -> None:
        self.alice.on_call = lambda *_: None
        await self.chance.choice(self.acts)()
        await pause(self.chance.choice([0.0, 0.5, 3.0]))

    async def talk(self) -> None:
        self.alice.on_call = answer
        outgoing = call(self.boss, self.alice)
        await pause(3)
        if outgoing.state is CallState.UP:
            hang_up(self.boss, outgoing)

    async def hang_up_early(self) -> None:
        outgoing = call(self.boss, self.alice)
        await pause(self.chance.choice([0.0, 0.01, 0.06, 0.1, 1.0, 10.0]))
        cancel(self.boss, outgoing)

    async def decline(self) -> None:
        self.alice.on_call = refuse(self.chance.choice(REFUSALS))
        call(self.boss, self.alice)
        await pause(3)

    async def let_it_ring(self) -> None:
        call(self.boss, self.alice)
        await pause(self.chance.choice([5.0, 100.0]))

    async def vanish_while_it_rings(self) -> None:
        call(self.boss, self.alice)
        await pause(self.chance.choice([0.05, 1.0, 30.0]))
        await self.alice.sleep()

    async def write(self) -> None:
        await line_of(self.boss).message(self.alice.aor, "hello")

    async def log_out(self) -> None:
        call(self.boss, self.alice)
        await pause(0.5)
        if self.alice.line is not None:
            await self.alice.register(expires=0)

    async def come_back(self) -> None:
        await self.alice.wake()
        if self.chance.random() < 0.7:
            await self.alice.sleep()

    async def ask(self) -> None:
        transport = self.chance.choice([Transport.UDP, Transport.TCP])
        stranger = await Stranger(self.world, transport=transport).open()
        method = self.chance.choice(["OPTIONS", "SUBSCRIBE", "INVITE", "MESSAGE", "BYE", "CANCEL", "REFER"])
        request = stranger.request(method, self.alice.aor, sender="sip:bob@example.com")
        stranger.send(await stranger.signed("bob", request) if method != "CANCEL" else request)
        await pause(1)
        await stranger.close()

    async def register_elsewhere(self) -> None:
        """Bind a datagram phone that never says good-bye; each time it is another socket."""
        where = Address("10.9.9.9", self.chance.randrange(1024, 65536))
        stranger = await Stranger(self.world, transport=Transport.UDP, address=where).open()
        await stranger.ask_as("carol", stranger.register("carol", expires=60))
        await stranger.close()


AT_LENGTH = [pytest.param(seed, 4000, marks=pytest.mark.torture) for seed in range(3, 8)]


@pytest.mark.parametrize(("seed", "acts"), [(1, 250), (2, 250), *AT_LENGTH])
@pytest.mark.parametrize("transport", [Transport.UDP, Transport.TLS])
def test_what_was_held_for_calls_is_let_go(seed: int, acts: int, transport: Transport) -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world, transport=transport), await awake(world, transport=transport)
        await pause(60)
        floor = held(world)
        life = Life(world, alice, boss, seed)
        for _ in range(acts):
            await life.act()
            world.network.sent.clear()
        alice.on_call = refuse(486)
        world.provider.answer = lambda _: OK
        await pause(200)
        await alice.wake()
        await pause(60)  # what was written to it is handed over
        await alice.sleep()
        await pause(4 * TIMEOUT)
        # A datagram flow is not seen to close: what an account had bound when it last registered may still be known.
        spare = dict.fromkeys(("phones that are awake", "flows of phones", "accounts of phones"), MAX_BINDINGS)
        assert {name: size for name, size in held(world).items() if size > floor[name] + spare.get(name, 0)} == {}
        found = await world.store.do(Recover(wall=world.wall(world.loop.time())))
        assert found.calls == ()

    in_world(test, seed=seed, limit=30 * 86400)


def test_an_account_whose_phones_register_all_the_time_keeps_no_ended_calls() -> None:
    async def test(world: World) -> None:
        phones = [await awake(world, "alice") for _ in range(3)]
        boss = await awake(world)
        for phone in phones:
            phone.on_call = refuse(486)
        sizes: list[int] = []
        for _ in range(30):
            call(boss, phones[0])
            for phone in phones:
                await pause(20)
                await phone.register()
            sizes.append(len(world.core.calls))
        assert max(sizes) <= 4, sizes

    in_world(test)


def test_many_calls_at_once_leave_nothing() -> None:
    async def test(world: World) -> None:
        alice, boss = await asleep(world), await awake(world)
        await pause(60)
        floor = held(world)
        alice.on_call = refuse(486)
        world.core.means = replace(world.core.means, callers=Callers(each=1000, together=1000))
        calls = [call(boss, alice) for _ in range(1000)]
        await pause(30)
        assert {outgoing.status for outgoing in calls} == {486}
        assert len(world.pushed("call")) == 1
        await alice.sleep()
        await pause(4 * TIMEOUT)
        assert {name: size for name, size in held(world).items() if size > floor[name]} == {}

    in_world(test)


def test_timelines_and_measures_are_bounded() -> None:
    async def test(world: World) -> None:
        traces, metrics = Traces(), Metrics()
        alice, boss = await asleep(world), await awake(world)
        alice.wakes = False
        world.events.clear()
        calls = [call(boss, alice) for _ in range(50)]
        await pause(30)
        assert {outgoing.status for outgoing in calls} == {480}
        for number in range(100):
            for event in world.events:
                another = replace(event, trace=event.trace and f"{number} {event.trace}")
                traces.note(another)
                metrics.note(another)
        assert len(traces._timelines) == MAX_TRACES
        assert len(metrics._invites) + len(metrics._accepted) <= 20_000

    in_world(test)
