"""In whatever order things happen, a phone gets one INVITE of a call: the whole server, in virtual time."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable
from typing import TypeAlias

import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from tests.simulation.wanderer import Wanderer
from tests.support.in_world import in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.model.push import Accepted, Unreachable
from ringwake.sip.flow import Transport
from ringwake.sip.message import Request

ALICE = f"sip:alice@{DOMAIN}"
TRANSPORTS = (Transport.UDP, Transport.TCP)
COMINGS: dict[str, Callable[[Wanderer], Awaitable[None]]] = {
    "asks unsigned": Wanderer.ask_unsigned,
    "registers": Wanderer.register,
    "registers five times": Wanderer.register_five_times,
    "sends its REGISTER again": Wanderer.register_again,
    "loses its wire": Wanderer.lose,
    "sleeps": Wanderer.sleep,
}
STATES = ("is awake", "sleeps", "loses its wire")
Step: TypeAlias = tuple[int, str | int] | float | str
"""A phone and what it does, or the status that it answers; seconds that pass; what others do."""

PHONE = st.sampled_from([0, 0, 0, 1, 2])
"""Most of it happens to one."""
STEPS: st.SearchStrategy[Step] = st.one_of(
    st.tuples(PHONE, st.sampled_from([*COMINGS, "registers", "moves", "moves and registers", "moves and registers"])),
    st.tuples(PHONE, st.sampled_from([100, 180, 180, 183, 200, 486, 603])),
    st.sampled_from([0.05, 0.6, 1.1, 1.1, 4.0, 21.0]),
    st.sampled_from(["cancel", "the provider fails", "the provider works"]),
)
FIVE, MOVES, COMES = (0, "registers five times"), (0, "moves and registers"), (0, "registers")
ORDERS: dict[str, list[Step]] = {
    "a REGISTER without credentials, then with them": [(0, "asks unsigned"), COMES, (0, 180), COMES, (0, 200)],
    "a retransmitted REGISTER": [COMES, (0, "sends its REGISTER again"), (0, 180), (0, "sends its REGISTER again")],
    "five REGISTERs in 200 ms": [FIVE, (0, 180), FIVE, (0, 200), FIVE],
    "a flow change before the answer": [COMES, MOVES, MOVES, (0, 200)],
    "a flow change after it": [COMES, (0, 180), MOVES, MOVES, (0, 200)],
    "a REGISTER after the deadline": [21.0, 4.0, COMES, MOVES],
    "CANCEL crossing 200": [COMES, (0, 180), "cancel", (0, 200), COMES],
    "200 crossing CANCEL": [COMES, (0, 180), (0, 200), "cancel", MOVES],
    "a CANCEL before anybody comes": ["cancel", COMES, MOVES],
    "three phones one after another": [COMES, (0, 180), (1, "registers"), (1, 180), (2, "registers"), (1, 200), FIVE],
    "one declines for all": [COMES, (1, "registers"), (0, 603), MOVES, (2, "registers")],
    "one is busy": [COMES, (1, "registers"), (0, 486), MOVES, (1, 200)],
    "a silent flow, then the same again": [COMES, 1.1, COMES, 1.1, (0, 200)],
    "a silent flow, then another": [COMES, 1.1, MOVES, (0, 200)],
    "a flow that dies while it rings": [COMES, (0, 180), (0, "loses its wire"), COMES, (0, 200)],
    "a provider that is down": ["the provider fails", 0.6, COMES, "the provider works", 1.1, (0, 200)],
}
SHUFFLED: st.SearchStrategy[list[Step]] = (
    st.lists(st.sampled_from(list(ORDERS.values())), min_size=1, max_size=2)
    .map(lambda orders: [step for order in orders for step in order])
    .flatmap(st.permutations)
)
"""The events of one order or two, in any other."""


class Scene:
    """The boss calls alice, who has three phones."""

    def __init__(self, world: World, transports: list[Transport]) -> None:
        self.world = world
        self.phones = [Wanderer(world, number, transport) for number, transport in enumerate(transports)]
        self.boss = Stranger(world, transport=Transport.UDP)
        self.invite: Request | None = None
        self.cancelled_at: float | None = None

    async def begin(self, states: list[str]) -> None:
        """Let all phones register, and go to sleep or lose their wires; then let the boss call."""
        for phone, state in zip(self.phones, states, strict=True):
            await phone.register()
            if state != "is awake":
                await COMINGS[state](phone)
        await pause(5)
        await self.boss.open()
        contact = f"Contact: <sip:boss@{self.boss.address}>"
        self.invite = await self.boss.signed("boss", self.boss.request("INVITE", ALICE, contact))
        self.boss.send(self.invite)
        await pause(0.01)

    async def play(self, step: Step) -> None:
        """Let one thing happen."""
        match step:
            case float():
                await pause(step)
            case "cancel":
                self.cancel()
            case str():
                works = step.endswith("works")
                self.world.provider.answer = lambda _: Accepted("1") if works else Unreachable("down")
            case (number, int(status)):
                await self.phones[number].answer(status)
            case (number, str(what)):
                phone = self.phones[number]
                if what.startswith("moves"):
                    phone.move()
                if what.endswith("registers"):
                    await phone.register()
                elif what in COMINGS:
                    await COMINGS[what](phone)

    def cancel(self) -> None:
        """Let the boss hang up."""
        assert self.invite is not None
        branch, call_id = self.invite.via.branch, self.invite.call_id
        self.boss.send(self.boss.request("CANCEL", ALICE, branch=branch, call_id=call_id))
        self.cancelled_at = self.cancelled_at or self.world.loop.time() + 0.01

    def finals(self) -> list[int]:
        """Return the final responses that the boss has heard, each phone's once."""
        assert self.invite is not None
        found = {(r.headers.get("to"), r.status) for r in self.boss.responses_to(self.invite) if r.status >= 200}
        return [status for _, status in found]

    def over_at(self) -> float:
        """Return when nobody could join the call any more."""
        assert self.invite is not None
        ends = [
            at
            for at, flow, octets in self.world.network.sent
            if flow.remote == self.boss.address and octets.startswith(b"SIP/2.0 ") and octets[8:9] in b"23456"
            if self.invite.via.branch.encode() in octets and b" INVITE\r\n" in octets
        ]
        return min([*ends, *([self.cancelled_at] if self.cancelled_at else [])])

    async def check(self) -> None:
        """What holds whatever has happened."""
        finals, over_at = self.finals(), self.over_at()
        assert len(finals) == 1 or (finals and max(finals) < 300), finals
        branches = [{branch for _, _, branch in phone.invites()} for phone in self.phones]
        assert max(map(len, branches)) <= 1, "all that a phone gets is one INVITE and its retransmissions"
        assert len(set().union(*branches)) == sum(map(len, branches)), "and no other phone's"
        for phone in self.phones:
            await self.check_phone(phone, over_at)

    async def check_phone(self, phone: Wanderer, over_at: float) -> None:
        invites = phone.invites()
        flows = [flow for _, flow, _ in invites]
        assert set(flows) <= set(phone.registered), "it goes down flows of its own REGISTERs only"
        if phone.transport is not Transport.UDP:
            assert max(Counter(flows).values(), default=0) <= 1, "once down each connection"
        begun = {flow: at for at, flow, _ in reversed(invites)}
        assert all(at <= over_at for at in begun.values()), "none begins after the end"
        assert all(at <= over_at for at in phone.pushes()), "nobody is woken for what is over"
        if phone.rang_at is not None and phone.has_stayed:
            moments = [at for at, _, _ in invites] + phone.pushes()
            assert max(moments) <= phone.rang_at, "who has answered is sent nothing more"
        late = await phone.hears_late()
        assert late in ([], flows[-1:]), "what waited on a flow that was left for another never arrives"


def play(steps: list[Step], transports: list[Transport], states: list[str]) -> None:
    async def test(world: World) -> None:
        scene = Scene(world, transports)
        await scene.begin(states)
        for step in steps:
            await scene.play(step)
        await pause(300)
        await scene.check()
        assert len(world.core.calls) == 2, "the refresher and the upkeep"

    in_world(test)


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("transport", TRANSPORTS)
@pytest.mark.parametrize("order", ORDERS)
def test_each_order_by_name(order: str, transport: Transport, state: str) -> None:
    play(ORDERS[order], [transport] * 3, [state] * 3)


@given(
    steps=st.one_of(st.lists(STEPS, max_size=14), SHUFFLED),
    transports=st.lists(st.sampled_from(TRANSPORTS), min_size=3, max_size=3),
    states=st.lists(st.sampled_from(STATES), min_size=3, max_size=3),
)
@settings(derandomize=True, deadline=None, max_examples=120, phases=(Phase.explicit, Phase.generate, Phase.shrink))
def test_every_order_of_events_brings_one_invite(
    steps: list[Step], transports: list[Transport], states: list[str]
) -> None:
    play(steps, transports, states)
