"""Phones that change the network while they ring: the call goes on, and is still one call (reliability F16)."""

from __future__ import annotations

import pytest
from tests.support.in_world import answer, asleep, awake, call, hang_up, in_world, line_of
from tests.support.virtual_loop import pause
from tests.support.world import Phone, World

from ringwake.sip.flow import Transport
from ringwake.ua.call import CallState


async def move(phone: Phone, *, away: float) -> None:
    """Lose the connection, and come back on another one; calls stay as they are."""
    line = line_of(phone)
    here = phone.world.network.host(line.flow.transport, line.flow.local)
    assert here is not None
    here.close_flow(line.flow)
    await pause(away)
    await line.open()
    await phone.register()


@pytest.mark.parametrize("has_token", [True, False])
@pytest.mark.parametrize("after", [2.0, 40.0])
@pytest.mark.parametrize("away", [0.0, 1.5])
def test_a_phone_that_moves_while_it_rings_is_still_called(*, has_token: bool, after: float, away: float) -> None:
    async def test(world: World) -> None:
        alice = await awake(world, "alice", push=has_token, transport=Transport.TCP)
        boss = await awake(world)
        outgoing = call(boss, alice)
        await pause(after)
        assert outgoing.state.value == "ringing"
        await move(alice, away=away)
        await pause(1)
        assert (outgoing.state, len(alice.calls)) == (CallState.RINGING, 1)
        answer(alice, alice.calls[0])
        await pause(1)
        assert outgoing.state is CallState.UP
        hang_up(boss, outgoing)
        await pause(1)
        assert alice.calls[0].ending == "bye"

    in_world(test)


def test_a_phone_that_keeps_moving_rings_no_longer_than_one_that_stays() -> None:
    async def test(world: World) -> None:
        alice = await asleep(world)
        boss = await awake(world)
        began = world.loop.time()
        outgoing = call(boss, alice)
        await pause(2)
        while outgoing.state is CallState.RINGING:
            await move(alice, away=0.5)
            await pause(4)
        assert (outgoing.status, len(alice.calls)) == (480, 1)
        assert world.loop.time() - began <= world.timing.wake + world.timing.ring + 6

    in_world(test)
