"""Silent pushes before registrations run out: few, in time, and none that the disk does not know of."""

from __future__ import annotations

from typing import Any

import pytest
from tests.store.reloading import ReloadingStore
from tests.support.faulty_store import FaultyStore
from tests.support.in_world import asleep, in_world
from tests.support.virtual_loop import pause
from tests.support.world import Phone, World
from tests.wake.phones import flow, iphone, push_to

from ringwake.edge.refresh import LEASE_SECONDS
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.events import Happened
from ringwake.model.push import Accepted, Kind, Unreachable, Unregistered
from ringwake.model.store_ops import ContactUpdate, ListBindings, Op, Refreshed, Register, Registered, TakeDue
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


async def restart(world: World, *, after: float) -> None:
    """Let the process end, and another begin with what is on disk."""
    assert isinstance(world.store, ReloadingStore), "it reads itself back after each step"
    await world.stop()
    await pause(after)
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
        await restart(world, after=FIRST + 3600)
        await pause(60)
        assert len(sent(world)) == 1
        assert alice.line is not None

    in_world(test, store=ReloadingStore, limit=30 * 86400)


def test_a_restart_begins_no_ladder_anew() -> None:
    async def test(world: World) -> None:
        await quick(world)
        alice = await asleep(world)
        registered, alice.wakes = world.loop.time() - 60, False
        await pause(FIRST)
        await restart(world, after=30.0)
        await pause(LEAD)
        await restart(world, after=30.0)
        await pause(EVERY)
        steps = [FIRST, LEAD / 2, LEAD / 3, EVERY]
        expected = [registered + sum(steps[: count + 1]) for count in range(4)]
        assert sent(world)[:4] == pytest.approx(expected, abs=120)

    in_world(test, store=ReloadingStore, limit=30 * 86400)


# ---- two accounts on one phone


async def two_accounts(world: World, *, apart: float) -> tuple[Phone, Phone]:
    """Return two accounts of one phone that registered some time after each other, and sleep."""
    await quick(world)
    alice, carol = world.phone("alice"), world.phone("carol")
    carol.token = alice.token
    for account in (alice, carol):
        await account.wake()
        await account.sleep()
        if account is alice:
            await pause(apart)
    return alice, carol


@pytest.mark.parametrize("apart", [0.0, 5.0, 600.0, 3000.0])
def test_one_silent_push_covers_all_accounts_of_the_phone(apart: float) -> None:
    """RFC 8599 section 4.1.3: woken, the phone registers them all, and the clock of each begins anew."""

    async def test(world: World) -> None:
        alice, carol = await two_accounts(world, apart=apart)
        for _ in range(4):
            begun = len(sent(world))
            await pause(FIRST + 30)
            assert len(sent(world)) == begun + 1
            await alice.sleep()
            await carol.sleep()

    in_world(test, limit=30 * 86400)


@pytest.mark.parametrize("apart", [0.0, 5.0, 300.0])
def test_a_phone_that_does_not_come_is_not_asked_again_for_its_other_account(apart: float) -> None:
    async def test(world: World) -> None:
        for account in await two_accounts(world, apart=apart):
            account.wakes = False
        await pause(FIRST + LEAD)
        assert len(sent(world)) == 3, "the ladder of one"
        reasons = [e.fields["reason"] for e in world.events if e.what is Happened.PUSH_SUPPRESSED]
        assert set(reasons) == {"single_flight"}

    in_world(test, limit=30 * 86400)


@pytest.mark.parametrize("apart", [0.0, 5.0, 300.0])
def test_an_account_that_the_phone_has_forgotten_still_gets_its_own_chance(apart: float) -> None:
    async def test(world: World) -> None:
        alice, carol = await two_accounts(world, apart=apart)
        carol.wakes = False  # a phone whose app knows of one account only
        await pause(FIRST + 120)
        assert alice.line is not None
        await alice.sleep()
        carol.wakes = True
        await pause(LEAD / 2 + 120)
        assert carol.line is not None

    in_world(test, limit=30 * 86400)


def test_the_last_try_is_made_though_the_phone_was_asked_for_its_other_account() -> None:
    async def test(world: World) -> None:
        world.grant = 10_000
        await quick(world)
        alice = await asleep(world)
        expiry = world.loop.time() - 60 + 10_000
        alice.wakes = False
        await pause(9700)
        (binding,) = await world.store.do(ListBindings(aor=None, wall=world.wall(world.loop.time())))
        assert binding.push is not None
        world.core.means.budget._asked[binding.push.lease] = expiry
        await pause(300)
        assert sent(world)[-1] == pytest.approx(expiry - 180, abs=15)

    in_world(test, limit=30 * 86400)


# ---- two an hour for an iPhone


def test_an_iphone_that_was_told_of_ends_is_refreshed_when_the_hour_is_over() -> None:
    async def test(world: World) -> None:
        await quick(world)
        iphone = await world_with_iphone(world)
        began = world.loop.time()
        target = iphone.push
        assert target is not None
        await pause(FIRST - 60)
        for _ in range(2):
            world.core.means.budget.tell(push_to(target, Kind.CANCEL), world.loop.time())
        told = world.loop.time()
        await pause(1800)
        assert sent(world) == []
        assert [e.fields["reason"] for e in world.events if e.what is Happened.PUSH_SUPPRESSED] == ["background_limit"]
        await pause(3600)
        assert sent(world)[0] == pytest.approx(told + 3600, abs=30)
        assert sent(world)[0] < began + EVERY + 3600

    in_world(test, limit=30 * 86400)


async def world_with_iphone(world: World) -> Binding:
    """Register an iPhone, and return its binding."""
    to, wall = iphone(), world.wall(world.loop.time())
    first = world.policy.first(to, world.grant, 0.5)
    assert first is not None
    contact = ContactUpdate(
        new_id="i", uri="sip:alice@192.0.2.1", expires=world.grant, push=to, refresh_at=wall + first
    )
    aor = Aor("alice@example.com")
    op = Register(aor=aor, call_id="1", cseq=1, flow=flow(), contacts=(contact,), wall=wall)
    registered = await world.store.do(op)
    assert isinstance(registered, Registered)
    return registered.touched[0]
