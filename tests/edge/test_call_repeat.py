"""Claims about an iPhone whose app has no CallKit: nothing but an alert rings it, so that comes again and again."""

from __future__ import annotations

import pytest
from tests.support.apple_world import APP, AppleWorld, in_apple_world
from tests.support.in_world import awake, call, cancel
from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN

from ringwake.model.push import Push, Service
from ringwake.sip.flow import Address


async def without_callkit(world: AppleWorld) -> str:
    """Let an iPhone with a remote token alone register and sleep; return what it registers with."""
    line = await Stranger(world, address=Address("10.9.9.8", 7000)).open()
    push = f"pn-provider=apns;pn-param={APP};pn-prid={'ab' * 32}"
    contact = f'<sip:alice@{line.address};{push}>;+sip.instance="<urn:uuid:1>"'
    assert (await line.ask_as("alice", line.register(contact=contact))).status == 200
    await line.close()
    await pause(60)
    return push


def rings(world: AppleWorld) -> list[tuple[float, Push]]:
    return [(at, push) for at, push in world.provider.pushes if push.notice.kind == "call"]


def test_it_rings_every_ten_seconds_in_the_place_of_the_ring_before_until_the_call_is_over() -> None:
    async def test(world: AppleWorld) -> None:
        await without_callkit(world)
        boss = await awake(world)
        began = world.loop.time()
        outgoing = call(boss, f"sip:alice@{DOMAIN}")
        await pause(15)
        assert [round(at - began) for at, _ in rings(world)] == [0, 10]
        pushes = [push for _, push in rings(world)]
        assert {push.service for push in pushes} == {Service.REMOTE}
        assert len({push.notice.id for push in pushes}) == 1, "one wake, however often it rings"
        assert [push.notice.seq for push in pushes] == [0, 1]
        cancel(boss, outgoing)
        await pause(30)
        assert [push.notice.kind for _, push in world.provider.pushes] == ["call", "call", "missed"]
        assert world.provider.pushes[-1][1].notice.seq == 2

    in_apple_world(test)


def test_it_stops_when_the_phone_comes() -> None:
    async def test(world: AppleWorld) -> None:
        push = await without_callkit(world)
        boss = await awake(world)
        call(boss, f"sip:alice@{DOMAIN}")
        await pause(5)
        line = await Stranger(world, address=Address("10.9.9.8", 7001)).open()
        contact = f'<sip:alice@{line.address};{push}>;+sip.instance="<urn:uuid:1>"'
        assert (await line.ask_as("alice", line.register(contact=contact))).status == 200
        await pause(0.2)
        line.answer(line.requests[0], 180)
        await pause(15)
        assert len(rings(world)) == 1

    in_apple_world(test)


@pytest.mark.parametrize(("seconds", "times"), [(4.0, 5), (0.0, 1)])
def test_an_application_may_want_another_pause_or_none(seconds: float, times: int) -> None:
    async def test(world: AppleWorld) -> None:
        await without_callkit(world)
        call(await awake(world), f"sip:alice@{DOMAIN}")
        await pause(90)
        assert len(rings(world)) == times

    in_apple_world(test, call_repeat=seconds)
