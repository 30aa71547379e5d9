"""Claims about calls that were open when the server died and are over when it is back: no phone rings for them on."""

from __future__ import annotations

from dataclasses import replace

from tests.support.apple_world import AppleWorld, IPhone, in_apple_world
from tests.support.in_world import asleep, awake, call, cancel
from tests.support.virtual_loop import pause
from tests.support.world import Phone

from ringwake.edge.ended_meanwhile import Meanwhile, ended_meanwhile
from ringwake.edge.ghost_call import GhostCall
from ringwake.model.account import Aor
from ringwake.model.effects import NOTHING, CancelBranch
from ringwake.model.history import Outcome
from ringwake.model.store_ops import Recover
from ringwake.proxy.forking import DECLINED
from ringwake.sip.flow import Transport
from ringwake.sip.message import Request
from ringwake.sip.parser import parse


async def cancelled_and_killed(world: AppleWorld, *, hours: float = 0.0) -> tuple[IPhone, Phone, Phone]:
    """Let a caller hang up; the server dies before a phone that rings has answered its CANCEL.

    Returns an iPhone and an Android phone that have slept through all that, and the one that rings.
    """
    iphone, android = await world.sleeping_iphone(), await asleep(world)
    iphone.wakes = android.wakes = False
    iphone.is_deaf = True
    rings = await awake(world, "alice", push=True, transport=Transport.TCP)
    boss = await awake(world, transport=Transport.UDP)
    outgoing = call(boss, iphone)
    await pause(0.5)
    assert [len(rings.calls), iphone.phantoms] == [1, [outgoing.call_id]]
    world.network.weather.delay = 1.0
    cancel(boss, outgoing)
    await pause(1.5)
    await world.stop()
    world.network.weather.delay = 0.0
    await pause(1 + 3600 * hours)
    world.start()
    await world.recover()
    await pause(1)
    return iphone, android, rings


def kinds(phone: Phone) -> list[str]:
    return [push.notice.kind for push in phone.pushes]


def test_phones_that_slept_are_told_and_an_iphone_that_comes_is_shown_the_end() -> None:
    async def test(world: AppleWorld) -> None:
        iphone, android, rings = await cancelled_and_killed(world)
        assert (kinds(android), kinds(rings)) == (["call", "missed"], [])
        missed = android.pushes[-1].notice
        assert missed.seq > android.pushes[0].notice.seq
        assert (missed.alert.badge if missed.alert else None) == 1
        await iphone.wake()
        await pause(1)
        assert ([one.ending for one in iphone.calls], iphone.phantoms) == (["cancelled"], [])
        await android.wake()
        await pause(1)
        assert android.calls == []

    in_apple_world(test)


def test_after_an_hour_a_missed_call_is_told_and_nothing_is_shown_by_sip() -> None:
    async def test(world: AppleWorld) -> None:
        iphone, android, _ = await cancelled_and_killed(world, hours=1)
        assert kinds(android) == ["call", "missed"]
        assert [push.notice.kind for push in world.pushed("missed")] == ["missed", "missed"]
        await iphone.wake()
        await pause(1)
        assert iphone.calls == []

    in_apple_world(test)


async def found(world: AppleWorld) -> Meanwhile:
    """Return a call for an iPhone that sleeps, as a restart would find it."""
    iphone = await world.sleeping_iphone()
    iphone.wakes = False
    call(await awake(world), iphone)
    await pause(0.5)
    ((record, phones),) = (await world.store.do(Recover(wall=world.wall(world.loop.time())))).calls
    request = parse(record.invite)
    assert isinstance(request, Request)
    return Meanwhile(record=record, request=request, phones=phones, outcome=Outcome.DECLINED, unread=0)


def test_a_phone_that_comes_after_another_has_declined_hears_that() -> None:
    async def test(world: AppleWorld) -> None:
        over, now = await found(world), world.loop.time()
        world.performer.run(ended_meanwhile(world.core, over, now), now)
        (phone,) = over.phones
        owners = [owner for _, owner in world.core.calls.calling(over.record.aor)]
        (ghost,) = [owner for owner in owners if isinstance(owner, GhostCall)]
        cancels = [one for one in ghost.woken(phone, now) if isinstance(one, CancelBranch)]
        assert [one.reason for one in cancels] == [DECLINED]
        await pause(0.1)
        assert [push.notice.kind for push in world.pushed("elsewhere")] == ["elsewhere"]

    in_apple_world(test)


def test_who_has_had_the_call_or_has_refused_it_or_was_not_woken_is_told_nothing() -> None:
    async def test(world: AppleWorld) -> None:
        over, now = await found(world), world.loop.time()
        (phone,), record = over.phones, over.record
        for known, sleeper in (
            (replace(record, invited=(phone.phone,)), phone),
            (replace(record, refusals=((phone.phone, 486),)), phone),
            (replace(record, only="another"), phone),
            (record, replace(phone, registered_at=record.received_at)),
            (record, replace(phone, push=None)),
            (replace(record, aor=Aor("nobody@example.com")), phone),
        ):
            assert ended_meanwhile(world.core, replace(over, record=known, phones=(sleeper,)), now) == NOTHING

    in_apple_world(test)
