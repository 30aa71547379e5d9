"""A phone with the real push services and a real server around it: it is terminated, woken by push, and rings."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.home import Happenings, Home, open_home
from tests.support.real_loop import run_real

from ringwake.model.events import Happened
from ringwake.sip.flow import Transport
from ringwake.softphone.app_state import AppState
from ringwake.softphone.device import Device
from ringwake.softphone.line import RegisterError
from ringwake.softphone.pushbox import PushboxError
from ringwake.ua.call import CallState, OutgoingCall

WAYS = [("apns", Transport.TLS), ("fcm", Transport.TCP), ("webpush", Transport.WSS)]


async def terminated(home: Home, provider: str, transport: Transport) -> tuple[Device, Happenings]:
    phone, happenings = home.phone("alice", provider, transport)
    granted = await phone.start()
    assert granted.has_push
    await phone.terminate()
    home.server.events.clear()
    return phone, happenings


async def called(home: Home, phone: Device) -> OutgoingCall:
    """Let a caller call the phone."""
    boss, _ = home.phone("boss", "", Transport.UDP)
    await boss.start()
    return boss.call(phone.settings.identity.aor)


@pytest.mark.parametrize(("provider", "transport"), WAYS)
def test_a_terminated_phone_is_woken_by_push_and_answers(
    provider: str, transport: Transport, tmp_path: Path, lab_folder: Path
) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = await terminated(home, provider, transport)
            outgoing = await called(home, phone)
            await told.noted("invite")
            (alert,) = phone.notifications
            assert (alert.kind, alert.text, alert.actions) == ("call", "Boss calling", ("Accept", "Reject"))
            assert alert.sound
            assert phone.current_call is not None
            assert phone.current_call.call_id != ""
            phone.accept(phone.current_call)
            await told.noted("call", state="up")
            assert outgoing.state is CallState.UP
            phone.hang_up(phone.current_call)
            await told.noted("call", state="ended", ending="bye")
            assert phone.invites == 1

    run_real(story())


def test_a_text_wakes_a_terminated_phone(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = await terminated(home, "fcm", Transport.TCP)
            boss, _ = home.phone("boss", "", Transport.UDP)
            await boss.start()
            assert await boss.message(phone.settings.identity.aor, "Are you there?") == 202
            message = await told.noted("message")
            assert message.fields == {"sender": "Boss", "text": "Are you there?"}
            assert phone.notifications[0].text == "Message from Boss"

    run_real(story())


def test_a_push_that_is_delivered_twice_rings_once(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            await home.lab.switches.set("fcm", duplicate=True)
            phone, told = await terminated(home, "fcm", Transport.TCP)
            await called(home, phone)
            await told.noted("push again")
            await told.noted("invite")
            await home.server.happened(Happened.RINGING)
            assert (phone.invites, len(phone.notifications)) == (1, 1)

    run_real(story())


def test_without_its_push_service_it_does_not_start(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, _ = home.phone(inbox="wss://127.0.0.1:1/")
            with pytest.raises(PushboxError, match="cannot be reached"):
                await phone.start()

    run_real(story())


def test_a_server_that_does_not_push_to_its_service_refuses_it(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, _ = home.phone(provider="apns", app="com.example.other")
            with pytest.raises(RegisterError, match="555"):
                await phone.start()

    run_real(story())


def test_a_phone_whose_push_service_is_gone_says_so(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = home.phone()
            await phone.start()
            other, _ = home.phone(device_secret=phone.settings.device_secret)
            await other.start()  # the same device, attached elsewhere
            await told.noted("push service lost")
            await other.stop()

    run_real(story())


def test_a_phone_that_is_switched_off_is_not_woken(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = await terminated(home, "fcm", Transport.TCP)
            await phone.stop()
            await called(home, phone)
            await home.server.happened(Happened.PUSH_ACCEPTED)
            assert phone.state is AppState.OFF
            assert "push" not in told.kinds()

    run_real(story())
