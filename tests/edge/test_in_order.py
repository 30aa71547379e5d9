"""Phones that ring one after the other, or later than the others, through the whole server."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.edge.boss_calls import BOB, calling, deaf, history, open_calls
from tests.support.in_world import answer, asleep, awake, refuse
from tests.support.tenant_world import TenantWorld, in_tenant_world
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone

from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings, Forwards
from ringwake.model.history import Outcome
from ringwake.model.settings import DeviceSettings, Settings
from ringwake.ua.call import IncomingCall

ALICE = Aor(f"alice@{DOMAIN}")


def rings(phone: Phone, incoming: IncomingCall) -> None:
    """Nobody answers this phone."""


def later(world: TenantWorld, phone: Phone, seconds: float, **calls: object) -> None:
    """Let a phone of alice ring so many seconds after the others."""
    device = DeviceSettings(device=f"<{phone.instance}>", ring_after=seconds)
    known = world.settings.get(ALICE, Settings(calls=replace(CallSettings(), **calls)))  # type: ignore[arg-type]
    chosen = replace(known, devices=(*known.devices, device))
    world.settings[ALICE] = chosen
    world.directory.put_settings(ALICE, chosen)


def test_a_phone_rings_later_than_the_others() -> None:
    async def test(world: TenantWorld) -> None:
        desk, mobile = await awake(world, "alice"), await asleep(world)
        desk.on_call = rings
        mobile.on_call = answer
        later(world, mobile, 10.0)
        call = await calling(world)
        await pause(9)
        assert (len(desk.calls), mobile.pushes) == (1, [])
        await pause(3)
        assert call.final.status == 200
        assert [push.notice.kind.value for push in mobile.pushes] == ["call"]
        assert open_calls(world) == 0

    in_tenant_world(test)


def test_the_next_phone_rings_at_once_when_the_first_is_busy() -> None:
    async def test(world: TenantWorld) -> None:
        desk, mobile = await awake(world, "alice"), await asleep(world)
        desk.on_call, mobile.on_call = refuse(486), answer
        later(world, mobile, 30.0)
        call = await calling(world)
        await pause(2)
        assert call.final.status == 200

    in_tenant_world(test)


def test_a_call_goes_on_when_the_last_in_turn_has_not_come() -> None:
    async def test(world: TenantWorld) -> None:
        desk, mobile, bob = await awake(world, "alice"), await deaf(world), await awake(world, "bob")
        desk.on_call = refuse(486)
        bob.on_call = answer
        later(world, mobile, 10.0, forward=Forwards(busy=BOB))
        call = await calling(world)
        await pause(15)
        assert bob.calls == []
        await pause(8)
        assert call.final.status == 200
        assert [(e.aor[:3], e.outcome) for e in history(world)] == [
            ("ali", Outcome.FORWARDED),
            ("bob", Outcome.ANSWERED),
        ]

    in_tenant_world(test)


@pytest.mark.parametrize("down", [0.0, 4.0])
def test_turns_go_on_where_they_were_after_a_restart(down: float) -> None:
    async def test(world: TenantWorld) -> None:
        desk, mobile = await awake(world, "alice", push=True), await asleep(world)
        desk.on_call, mobile.on_call = rings, answer
        later(world, mobile, 15.0)
        call = await calling(world)
        await pause(5)
        await desk.sleep()
        await world.stop()
        await pause(down)
        world.start()
        await world.recover()
        await desk.wake()
        await pause(14.0 - 5.0 - down)
        assert mobile.pushes == []
        await pause(3)
        assert call.final.status == 200
        assert len(mobile.calls) == 1
        assert open_calls(world) == 0

    in_tenant_world(test)


def test_a_phone_that_logs_out_before_its_turn_gets_nothing() -> None:
    async def test(world: TenantWorld) -> None:
        desk, mobile = await awake(world, "alice"), await awake(world, "alice", push=True)
        desk.on_call = rings
        later(world, mobile, 10.0)
        call = await calling(world)
        await pause(2)
        await mobile.register(expires=0)
        await pause(20)
        assert (mobile.calls, mobile.pushes) == ([], [])
        call.cancel()
        await pause(1)
        assert call.final.status == 487

    in_tenant_world(test)


def test_a_call_of_many_turns_is_not_too_old_after_a_restart() -> None:
    async def test(world: TenantWorld) -> None:
        desk, mobile = await awake(world, "alice"), await asleep(world)
        desk.on_call, mobile.on_call = rings, rings
        later(world, mobile, 50.0)
        call = await calling(world)
        await pause(85)
        assert len(mobile.calls) == 1
        mobile.on_call = answer
        await mobile.sleep()
        await world.restart()
        await mobile.wake()
        await pause(2)
        assert call.final.status == 200

    in_tenant_world(test)


def test_a_call_that_was_over_while_we_were_down_is_missed() -> None:
    async def test(world: TenantWorld) -> None:
        await deaf(world)
        call = await calling(world)
        await world.stop()
        await pause(120)
        world.start()
        await world.recover()
        await pause(1)
        assert call.final.status == 480
        (entry,) = history(world)
        assert (entry.outcome, entry.status, entry.is_unread) == (Outcome.NO_WAKE, 480, True)

    in_tenant_world(test)
