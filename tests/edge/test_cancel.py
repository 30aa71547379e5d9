"""CANCEL: its phones are told at once, its caller when that is on disk."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, awake, in_world
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, World

from ringwake.model.events import Happened
from ringwake.model.store_ops import CancelCall
from ringwake.sip.flow import Transport
from ringwake.sip.message import Request

ALICE = f"sip:alice@{DOMAIN}"


@dataclass
class Caller:
    """The boss, who calls alice over UDP and thinks better of it."""

    boss: Stranger
    invite: Request
    cancel: Request

    @property
    def heard(self) -> tuple[list[int], list[int]]:
        """Statuses of the answers to the INVITE and to the CANCEL."""
        answers = [self.boss.responses_to(request) for request in (self.invite, self.cancel)]
        return [r.status for r in answers[0]], [r.status for r in answers[1]]


async def calling(world: World) -> Caller:
    boss = await Stranger(world, transport=Transport.UDP).open()
    invite = await boss.signed("boss", boss.request("INVITE", ALICE, f"Contact: <sip:boss@{boss.address}>"))
    boss.send(invite)
    await pause(0.5)
    return Caller(boss, invite, boss.request("CANCEL", ALICE, branch=invite.via.branch, call_id=invite.call_id))


def faulty(world: World) -> FaultyStore:
    assert isinstance(world.store, FaultyStore)
    return world.store


def test_the_caller_hears_200_and_487_when_the_end_is_on_disk() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        caller = await calling(world)
        faulty(world).delay = 2.0
        caller.boss.send(caller.cancel)
        await pause(0.5)
        assert caller.heard == ([100], [])
        assert [push.notice.kind for _, push in world.provider.pushes] == ["call", "missed"], "alice is told meanwhile"
        await pause(2)
        assert caller.heard == ([100, 487], [200])

    in_world(test, store=FaultyStore)


def test_a_disk_that_cannot_write_delays_nothing() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        alice.wakes = False
        caller = await calling(world)
        faulty(world).broken = (CancelCall,)
        caller.boss.send(caller.cancel)
        await pause(0.5)
        assert caller.heard == ([100, 487], [200])

    in_world(test, store=FaultyStore)


@pytest.mark.parametrize("rings", [True, False])
def test_a_call_that_was_cancelled_before_a_crash_rings_nobody_after_it(rings: bool) -> None:
    """The phone that rings has not yet answered its CANCEL when the server dies."""

    async def test(world: World) -> None:
        alice = await (awake(world, "alice", push=True, transport=Transport.TCP) if rings else asleep(world))
        alice.wakes = False
        caller = await calling(world)
        assert len(alice.calls) == int(rings)
        if rings:
            world.network.weather.delay = 1.0  # its 487 is on the way for so long
        caller.boss.send(caller.cancel)
        await pause(1.5 if rings else 0.1)
        await world.stop()
        world.network.weather.delay = 0.0
        known = len(world.events), len(world.provider.pushes)
        world.start()
        await world.recover()
        await pause(0.5)
        await alice.wake()
        await pause(60)
        assert caller.heard[0][-1] == 487
        what = [event.what for event in world.events[known[0] :]]
        assert not {Happened.INVITE_SENT, Happened.CALL_RECOVERED} & set(what)
        assert len(world.provider.pushes) == known[1]

    in_world(test)
