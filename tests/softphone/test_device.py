"""A phone in virtual time: what it does when it is called, loses its server, sleeps or is terminated.

test_device_sleeps.py has what pushes do to it; test_device_wakes.py the real push services.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.softphone.hand_server import PHONE, SERVER
from tests.softphone.handset import Handset, at_home
from tests.support.in_world import awake, call, cancel
from tests.support.virtual_loop import pause
from tests.support.world import DOMAIN, Phone, World

from ringwake.sip.flow import Transport
from ringwake.softphone.app_state import AppState
from ringwake.softphone.line import RegisterError
from ringwake.softphone.line_events import MessageArrived
from ringwake.ua.call import CallState


def test_it_is_switched_on_registers_and_is_called() -> None:
    async def story(world: World, phone: Handset) -> None:
        granted = await phone.device.start()
        assert (phone.device.state, granted.expires) == (AppState.AWAKE, 3600)
        phone.acts = Handset.accept
        boss = await awake(world)
        outgoing = call(boss, phone.aor)
        await pause(5)
        assert outgoing.state is CallState.UP
        assert phone.kinds() == ["awake", "registered", "invite", "call", "call"]
        assert phone.noted("invite")[0]["sender"] == f"sip:boss@{DOMAIN}"
        assert [fields["state"] for fields in phone.noted("call")] == ["answered", "up"]
        assert phone.device.invites == 1

    at_home(story)


@pytest.mark.parametrize("status", [486, 603])
def test_it_rejects(status: int) -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        phone.acts = lambda handset: handset.reject(status)
        outgoing = call(await awake(world), phone.aor)
        await pause(5)
        assert (outgoing.state, outgoing.status) == (CallState.ENDED, status)
        assert phone.device.current_call is None

    at_home(story)


def test_buttons_that_are_pressed_too_late_do_nothing() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        boss = await awake(world)
        outgoing = call(boss, phone.aor)
        await pause(1)
        ringing = phone.device.current_call
        assert ringing is not None
        cancel(boss, outgoing)
        await pause(1)
        phone.device.accept(ringing)
        phone.device.reject(ringing)
        phone.device.hang_up(ringing)
        await pause(1)
        assert (ringing.state, ringing.ending) == (CallState.ENDED, "cancelled")

    at_home(story)


def test_it_hangs_up() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        phone.acts = Handset.accept
        outgoing = call(await awake(world), phone.aor)
        await pause(1)
        assert phone.device.current_call is not None
        phone.device.hang_up(phone.device.current_call)
        await pause(1)
        assert outgoing.state is CallState.ENDED

    at_home(story)


def answering(phone: Phone, incoming: Any) -> None:
    assert phone.line is not None
    phone.line.conversations.accept(incoming, phone.world.loop.time())


def test_it_calls_and_hangs_up() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        bob = await awake(world, "bob")
        bob.on_call = answering
        outgoing = phone.device.call(bob.aor)
        await pause(1)
        assert outgoing.state is CallState.UP
        phone.device.hang_up(outgoing)
        await pause(1)
        assert (bob.calls[0].state, bob.calls[0].ending) == (CallState.ENDED, "bye")

    at_home(story)


def test_it_gives_its_call_up_while_the_other_phone_rings() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        bob = await awake(world, "bob")
        outgoing = phone.device.call(bob.aor)
        await pause(1)
        phone.device.hang_up(outgoing)
        await pause(1)
        assert (outgoing.status, bob.calls[0].ending) == (487, "cancelled")

    at_home(story)


def test_it_writes_and_is_written_to() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        bob = await awake(world, "bob")
        assert await phone.device.message(bob.aor, "hello") == 202
        assert bob.line is not None
        assert await bob.line.message(phone.aor, "you too") == 202
        await pause(1)
        assert bob.texts == ["hello"]
        assert phone.noted("message") == [{"sender": f"sip:bob@{DOMAIN}", "text": "you too"}]

    at_home(story)


def test_a_text_that_comes_twice_is_shown_once_but_two_of_one_conversation_are_two() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        for call_id, seq in (("m1", 1), ("m1", 1), ("m1", 2), ("m2", 1)):
            phone.device._event(MessageArrived(call_id, seq, "Boss", f"{call_id} {seq}"))
        assert [fields["text"] for fields in phone.noted("message")] == ["m1 1", "m1 2", "m2 1"]
        del world

    at_home(story)


def test_nothing_can_be_done_with_a_phone_that_is_off() -> None:
    async def story(world: World, phone: Handset) -> None:
        del world
        with pytest.raises(RuntimeError, match="not awake"):
            phone.device.call("sip:bob@example.com")
        await phone.device.unregister()  # nothing is registered

    at_home(story)


def test_it_logs_out() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await phone.device.unregister()
        outgoing = call(await awake(world), phone.aor)
        await pause(5)
        assert outgoing.status == 480

    at_home(story)


def test_a_wrong_password_keeps_it_from_starting() -> None:
    async def story(world: World, phone: Handset) -> None:
        del world
        with pytest.raises(RegisterError, match="401"):
            await phone.device.start()

    at_home(story, password="wrong")


def test_without_a_server_it_does_not_start() -> None:
    async def story(world: World, phone: Handset) -> None:
        await world.stop()
        with pytest.raises(ConnectionRefusedError):
            await phone.device.start()
        assert phone.device.state is AppState.OFF
        world.start()

    at_home(story)


def test_it_comes_back_by_itself_when_the_server_does() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await world.stop()
        await pause(300)
        assert phone.kinds()[2] == "line lost"
        tries = phone.kinds().count("wake failed")
        assert 1 <= tries < 20  # ever more seldom (RFC 5626 section 4.5)
        world.start()
        await pause(1800)
        assert phone.kinds()[-1] == "registered"
        assert phone.kinds().count("awake") == 1

    at_home(story)


def test_a_call_that_is_up_outlives_the_connection() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        phone.acts = Handset.accept
        boss = await awake(world)
        outgoing = call(boss, phone.aor)
        await pause(1)
        server = world.network.host(Transport.TLS, SERVER)
        assert server is not None
        server.close_flow(next(flow for flow in server._open if flow.remote.host == PHONE))
        await pause(5)
        assert phone.kinds().count("registered") == 2
        assert phone.device.current_call is not None
        phone.device.hang_up(phone.device.current_call)
        await pause(1)
        assert outgoing.state is CallState.ENDED

    at_home(story)


def test_a_phone_that_is_switched_off_does_not_come_back() -> None:
    async def story(world: World, phone: Handset) -> None:
        await phone.device.start()
        await world.stop()
        await pause(0.05)
        assert "line lost" in phone.kinds()
        await phone.device.stop()
        world.start()
        await pause(60)
        assert phone.device.state is AppState.OFF

    at_home(story)
