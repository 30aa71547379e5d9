"""When a phone that has lost its connection tries again."""

from __future__ import annotations

import asyncio
from contextlib import nullcontext
from random import Random

import pytest
from tests.softphone.hand_server import ALICE, Scene, memory_dial, on_stage, phone_settings
from tests.support.faulty_store import FaultyStore
from tests.support.ids import SeededIds
from tests.support.in_world import in_world
from tests.support.virtual_loop import pause, run_virtual
from tests.support.world import SERVER, World

from ringwake.model.store_ops import Register
from ringwake.sip.flow import Transport
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.comeback import GOOD_SECONDS, Comeback
from ringwake.softphone.device import Device
from ringwake.softphone.line import RegisterError
from ringwake.ua.registration import Registration

INSTANCE = "urn:uuid:00000000-0000-4000-8000-000000000001"


def waits(*, stood: float, has_call: bool, tries: int) -> list[float]:
    """Return how long it waits before each try, after a connection that stood for so long."""

    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        comeback = Comeback(SeededIds(Random(1)))
        comeback.registered()
        await pause(stood)
        comeback.lost()
        waited = []
        for _ in range(tries):
            begun = loop.time()
            await comeback.pause(has_call=has_call)
            waited.append(loop.time() - begun)
            comeback.failed()
        return waited

    return run_virtual(main())


@pytest.mark.parametrize(
    ("stood", "has_call", "most"),
    [
        (GOOD_SECONDS, False, [0, 60, 120, 240, 480, 960, 1800, 1800]),
        (GOOD_SECONDS - 1, False, [60, 120, 240]),
        (GOOD_SECONDS, True, [0, 0.5, 1, 2, 4]),
        (1.0, True, [0.5, 1, 2]),
    ],
)
def test_it_comes_back_at_once_and_then_ever_more_seldom(stood: float, has_call: bool, most: list[float]) -> None:
    waited = waits(stood=stood, has_call=has_call, tries=len(most))  # O17
    assert all(longest / 2 <= wait <= longest + 0.001 for wait, longest in zip(waited, most, strict=True)), waited


def phone(world: World, notes: list[PhoneNote]) -> Device:
    return Device(
        phone_settings(Transport.TLS), SeededIds(Random(7)), on_note=notes.append, dial=memory_dial(world.network)
    )


def drop(world: World) -> None:
    """Close the connections of all phones."""
    server = world.network.host(Transport.TLS, SERVER)
    assert server is not None
    for flow in tuple(server._open):
        server.close_flow(flow)


def test_a_phone_that_a_push_has_brought_back_needs_no_other_try() -> None:
    async def main() -> None:
        comeback = Comeback(SeededIds(Random(1)))
        comeback.registered()
        comeback.lost()
        assert await comeback.pause(has_call=False)
        comeback.registered()
        assert not await comeback.pause(has_call=False)

    run_virtual(main())


def test_a_server_that_drops_it_again_and_again_is_asked_ever_more_seldom() -> None:
    async def test(world: World) -> None:
        notes: list[PhoneNote] = []
        device = phone(world, notes)
        await device.start()
        gaps = []
        for _ in range(4):
            drop(world)
            lost, known = world.loop.time(), len(notes)
            while not any(note.what == "registered" for note in notes[known:]):
                await pause(1)
            gaps.append(world.loop.time() - lost)
        assert all(most / 2 <= gap <= most + 2 for gap, most in zip(gaps, (60, 120, 240, 480), strict=True)), gaps
        await device.stop()

    in_world(test)


def test_a_phone_that_is_refused_on_its_return_tries_again_down_the_same_connection() -> None:  # O5
    store = FaultyStore()

    async def test(world: World) -> None:
        notes: list[PhoneNote] = []
        device = phone(world, notes)
        await device.start()
        await pause(GOOD_SECONDS)
        store.broken = (Register,)
        drop(world)
        await pause(1)
        assert [note.what for note in notes[2:]] == ["line lost", "wake failed"]
        flow = device.line.flow
        store.broken = ()
        await pause(60)
        assert notes[-1].what == "registered"
        assert device.line.flow == flow
        await device.stop()

    in_world(test, store=lambda: store)


def test_a_server_that_cannot_take_a_register_now_keeps_the_connection() -> None:  # O5
    async def play(scene: Scene) -> None:
        kept = Registration(identity=ALICE, instance=INSTANCE, ids=SeededIds(Random(2)))
        for number, status in ((1, 503), (2, 200)):
            task = scene.network.loop.create_task(scene.line.register(kept, expires=600))
            fields = [("retry-after", "5")] if status == 503 else []
            scene.server.answer(await scene.server.request("REGISTER", number), status, *fields)
            with nullcontext() if status == 200 else pytest.raises(RegisterError):
                await task
        assert not scene.line.is_lost
        assert len(scene.server.recorder.open) == 1

    on_stage(play)
