"""Silent pushes before registrations run out: few, in time, and none that the disk does not know of."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, in_world
from tests.support.virtual_loop import pause
from tests.support.world import World

from ringwake.edge.refresh import LEASE_SECONDS
from ringwake.model.push import Accepted, Kind, Unreachable, Unregistered
from ringwake.model.store_ops import ListBindings, Op, Refreshed, TakeDue
from ringwake.wake.refresh import RefreshPolicy

EVERY, LEAD = 6000.0, 1200.0
POLICY = RefreshPolicy(every=EVERY, lead=LEAD)
FIRST = EVERY - LEAD - 0.5 * 0.1 * LEAD
"""Seconds from a REGISTER to the first silent push: the lead, and half of its jitter, before the interval is over."""


async def quick(world: World) -> None:
    """Begin anew with an interval that a test can wait for."""
    await world.stop()
    world.policy = POLICY
    world.start()


def sent(world: World) -> list[float]:
    """Return when silent pushes were sent, in seconds since the start of the world's clock."""
    return [at for at, push in world.provider.pushes if push.notice.kind is Kind.REFRESH]


def test_a_phone_that_does_not_come_is_pushed_on_a_ladder_and_the_next_register_begins_anew() -> None:
    async def test(world: World) -> None:
        await quick(world)
        alice = await asleep(world)
        registered = world.loop.time() - 60
        alice.wakes = False
        await pause(2 * EVERY)
        steps = [at - registered for at in sent(world)]
        assert steps[:3] == pytest.approx([FIRST, FIRST + LEAD / 2, FIRST + LEAD / 2 + LEAD / 3], abs=30)
        alice.wakes = True
        await alice.wake()
        await alice.sleep()
        count = len(sent(world))
        await pause(FIRST - 60)
        assert len(sent(world)) == count
        await pause(120)
        assert len(sent(world)) == count + 1

    in_world(test, limit=30 * 86400)


def test_the_last_try_is_in_time_and_nothing_is_sent_after_the_expiry_that_the_phone_was_shown() -> None:
    async def test(world: World) -> None:
        world.grant = 10_000
        await quick(world)
        alice = await asleep(world)
        expiry = world.loop.time() - 60 + 10_000
        alice.wakes = False
        await pause(20_000)
        assert 120 <= expiry - sent(world)[-1] <= 200
        assert all(push.expires_at <= world.wall(expiry) + 1 for _, push in world.provider.pushes)

    in_world(test, limit=30 * 86400)


@pytest.mark.parametrize("broken", [(TakeDue,), (TakeDue, Refreshed)])
def test_a_full_disk_brings_no_storm_of_silent_pushes(broken: tuple[type[Op[Any]], ...]) -> None:
    """What could not be noted would be due again at the next look; weeks are left for that push."""

    async def test(world: World) -> None:
        await quick(world)
        alice = await asleep(world)
        alice.wakes = False
        store = world.store
        assert isinstance(store, FaultyStore)
        store.broken = broken
        await pause(EVERY)
        assert sent(world) == []
        store.broken = ()
        await pause(LEASE_SECONDS)
        assert len(sent(world)) == 1

    in_world(test, store=FaultyStore, limit=30 * 86400)


def test_a_token_that_died_before_it_was_registered_again_is_not_asked_each_minute() -> None:
    """APNs' 410 says when it last knew the token to be dead: a registration after that stands (reliability P7)."""

    async def test(world: World) -> None:
        await quick(world)
        await asleep(world)
        world.provider.answer = lambda _: Unregistered("ExpiredToken", at=world.wall(0.0))
        await pause(EVERY)
        assert len(sent(world)) <= 3
        bindings = await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))
        assert [binding.push is not None for binding in bindings] == [True]

    in_world(test, limit=30 * 86400)


def test_a_dead_token_is_forgotten_and_asked_no_more() -> None:
    async def test(world: World) -> None:
        await quick(world)
        await asleep(world)
        world.provider.answer = lambda _: Unregistered("Unregistered")
        await pause(4 * EVERY)
        assert len(sent(world)) == 1
        bindings = await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))
        assert [(binding.push, binding.refresh_at) for binding in bindings] == [(None, None)]

    in_world(test, limit=30 * 86400)


def test_a_provider_that_is_down_is_asked_again_within_minutes() -> None:
    async def test(world: World) -> None:
        await quick(world)
        alice = await asleep(world)
        world.provider.answer = lambda _: Unreachable("down")
        await pause(FIRST + 300)
        tries = len(sent(world))
        assert 2 <= tries <= 6
        world.provider.answer = lambda _: Accepted("1")
        await pause(120)
        assert len(sent(world)) == tries + 1
        assert alice.line is not None, "it woke, and has registered"

    in_world(test, limit=30 * 86400)


def test_a_restart_forgets_nothing_that_is_due() -> None:
    async def test(world: World) -> None:
        await quick(world)
        alice = await asleep(world)
        await world.stop()
        await pause(FIRST + 3600)
        world.start()
        await pause(60)
        assert len(sent(world)) == 1
        assert alice.line is not None

    in_world(test, limit=30 * 86400)
