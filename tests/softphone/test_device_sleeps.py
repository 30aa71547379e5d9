"""A phone that sleeps or is terminated, and what a push does to it; handed to it as its pushbox does."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

import pytest
from tests.softphone.hand_server import SERVER
from tests.softphone.handset import Handset, at_home
from tests.support.in_world import awake, call
from tests.support.virtual_loop import pause
from tests.support.world import World

from ringwake.net.stack import Stack
from ringwake.net.transport import Carrier
from ringwake.secret import Secret
from ringwake.sip.flow import Flow
from ringwake.softphone.app_state import AppState
from ringwake.softphone.device import Device
from ringwake.softphone.settings import PhoneSettings


@pytest.mark.parametrize(("end", "state"), [(Device.sleep, AppState.ASLEEP), (Device.terminate, AppState.TERMINATED)])
def test_asleep_or_terminated_it_has_no_socket_and_a_push_wakes_it(
    end: Callable[[Device], Coroutine[Any, Any, None]], state: AppState
) -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await end(phone.device)
        await pause(1)
        assert phone.kinds()[-1] == state.value
        with pytest.raises(RuntimeError, match="not awake"):
            _ = phone.device.line
        registered = len(phone.noted("registered"))
        phone.pushed("message")
        await pause(1)
        assert phone.device.state is AppState.AWAKE
        assert len(phone.noted("registered")) == registered + 1
        del world

    at_home(story)


def test_a_terminated_app_forgets_its_registration_and_a_sleeping_one_counts_on() -> None:
    async def story(world: World, phone: Handset) -> None:
        device = phone.device
        await device.start()
        first = device._enrolment.registration
        await device.sleep()
        assert device._enrolment.registration is first
        phone.pushed(name="p1")
        await pause(1)
        await device.terminate()
        forgotten = device._enrolment
        assert (forgotten.registration, forgotten.tokens, forgotten.granted) == (None, None, None)
        del world

    at_home(story)


def test_a_call_that_rings_ends_with_the_app() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        call(await awake(world), phone.aor)
        await pause(1)
        assert phone.device.current_call is not None
        await phone.device.terminate()
        assert phone.device.current_call is None

    at_home(story)


def test_a_call_that_rings_does_not_outlast_the_connection() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        call(await awake(world), phone.aor)
        await pause(1)
        await phone.device.sleep()
        assert phone.device.current_call is None

    at_home(story)


def test_a_wake_that_is_under_way_ends_with_the_app() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await phone.device.sleep()
        phone.pushed()
        await asyncio.sleep(0)  # noqa: TID251  no time passes: the wake has begun
        await phone.device.terminate()
        await pause(5)
        assert phone.device.state is AppState.TERMINATED
        del world

    at_home(story)


def test_a_push_shows_its_alert_and_registers() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await phone.device.terminate()
        phone.pushed("call", sender="Boss")
        await pause(1)
        (shown,) = phone.device.notifications
        assert (shown.text, shown.actions) == ("Boss calling", ("Accept", "Reject"))
        assert phone.kinds()[-3:] == ["push", "awake", "registered"]
        del world

    at_home(story)


def test_a_push_to_a_phone_that_is_awake_registers_again() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        phone.pushed("refresh")
        await pause(1)
        assert phone.kinds() == ["awake", "registered", "push", "registered"]
        del world

    at_home(story)


def test_pushes_that_come_together_are_served_by_one_wake() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await phone.device.terminate()
        for name in ("p1", "p2", "p3"):
            phone.pushed(name=name)
        await pause(1)
        assert phone.kinds().count("registered") == 2
        assert len(phone.device.notifications) == 3
        del world

    at_home(story)


def test_a_push_that_comes_while_it_starts_is_served_by_the_start() -> None:
    async def story(world: World, phone: Handset) -> None:
        starting = world.loop.create_task(phone.device.start())
        await asyncio.sleep(0)  # noqa: TID251  no time passes: the start has begun
        phone.pushed()
        await starting
        await pause(1)
        assert phone.kinds().count("registered") == 1
        assert "wake failed" not in phone.kinds()

    at_home(story)


def test_a_push_that_comes_twice_is_shown_once_and_wakes_all_the_same() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await phone.device.terminate()
        await world.stop()
        phone.pushed()
        await pause(1)
        assert phone.noted("wake failed") == [{"reason": f"nobody listens on {SERVER}"}]
        world.start()
        phone.pushed()  # the server has come back, and sends it again
        await pause(1)
        assert phone.device.state is AppState.AWAKE
        assert (phone.kinds().count("push"), phone.kinds().count("push again")) == (1, 1)
        assert len(phone.device.notifications) == 1

    at_home(story)


def test_a_wake_that_the_server_refuses_is_told() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await phone.device.terminate()
        settings = phone.device.settings
        phone.device.settings = replace(settings, identity=replace(settings.identity, password=Secret("changed")))
        phone.pushed()
        await pause(1)
        assert phone.noted("wake failed") == [{"reason": "REGISTER was answered 401"}]
        del world

    at_home(story)


def test_a_connection_that_takes_too_long_ends_with_the_app() -> None:
    async def story(world: World, phone: Handset) -> None:
        async def never(settings: PhoneSettings, stack: Stack, node: str) -> tuple[Carrier, Flow]:
            del settings, stack, node
            connected: asyncio.Future[tuple[Carrier, Flow]] = world.loop.create_future()
            return await connected

        phone.device._dial = never
        phone.pushed()
        await pause(1)
        await phone.device.terminate()
        assert phone.kinds() == ["push", "terminated"]

    at_home(story)
