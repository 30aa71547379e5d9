"""A phone with the real push services and a real server around it: it is terminated, woken by push, and rings."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.home import TABLES, Happenings, Home, open_home
from tests.support.real_loop import run_real

from ringwake.model.events import Happened
from ringwake.sip.flow import Transport
from ringwake.softphone.app_state import AppState
from ringwake.softphone.device import Device
from ringwake.softphone.line import RegisterError
from ringwake.softphone.pushbox import PushboxError
from ringwake.softphone.tokens import SUBSCRIBED
from ringwake.ua.call import CallState, OutgoingCall

WAYS = [
    ("apns", Transport.TLS),
    ("fcm", Transport.TCP),
    ("webpush", Transport.WSS),
    ("unifiedpush", Transport.TLS),
    ("hms", Transport.TCP),
    ("http", Transport.TLS),
]


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


# Not with a subscription: that phone asks for the server's key first, by a REGISTER that is challenged.
@pytest.mark.parametrize(("provider", "transport"), [way for way in WAYS if way[0] not in SUBSCRIBED])
def test_the_ticket_of_its_push_saves_a_terminated_phone_the_challenge(
    provider: str, transport: Transport, tmp_path: Path, lab_folder: Path
) -> None:
    async def story() -> None:
        tables = TABLES.replace("[wake]\n", "[wake]\nticket = true\n")
        async with open_home(tmp_path, lab_folder, tables=tables) as home:
            phone, told = await terminated(home, provider, transport)
            await called(home, phone)
            await told.noted("invite")
            assert phone.notifications[0].ticket
            registered = [event for event in home.server.events if event.what is Happened.REGISTERED]
            refused = [event for event in home.server.events if event.what is Happened.REQUEST_REFUSED]
            assert [event.fields["aor"] for event in registered] == ["boss@ringwake.test", "alice@ringwake.test"]
            assert len(refused) == 1, "the boss's alone"

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


@pytest.mark.parametrize("provider", ["apns", "fcm"])
@pytest.mark.parametrize("who_called", ["boss", "phone"])
def test_a_phone_that_slept_during_a_call_is_woken_silently_when_the_other_side_hangs_up(
    provider: str, who_called: str, tmp_path: Path, lab_folder: Path
) -> None:  # U14, L7
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = home.phone("alice", provider, Transport.TLS)
            boss, heard = home.phone("boss", "", Transport.UDP)
            await phone.start()
            await boss.start()
            caller, callee = (boss, phone) if who_called == "boss" else (phone, boss)
            outgoing = caller.call(callee.settings.identity.aor)
            await (told if callee is phone else heard).noted("invite")
            assert callee.current_call is not None
            incoming = callee.current_call
            callee.accept(incoming)
            for each in (told, heard):
                await each.noted("call", state="up")
            await phone.sleep()
            boss.hang_up(outgoing if caller is boss else incoming)
            await told.noted("call", state="ended")
            seen = [(shown.kind, shown.is_shown) for shown in phone.notifications if shown.kind != "call"]
            assert seen == [("wake", False)]
            assert phone.invites == (1 if callee is phone else 0)
            assert phone.current_call is None

    run_real(story())


@pytest.mark.parametrize(("provider", "transport"), WAYS)
def test_a_token_that_changed_is_registered_and_wakes_it_from_then_on(
    provider: str, transport: Transport, tmp_path: Path, lab_folder: Path
) -> None:  # U4
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = home.phone("alice", provider, transport)
            await phone.start()
            enrolment = phone._enrolment
            assert enrolment.tokens is not None
            assert enrolment.registration is not None
            before, call_id = enrolment.tokens.contact.prid.reveal(), enrolment.registration.call_id
            await phone.change_token()
            assert enrolment.tokens.contact.prid.reveal() != before
            assert enrolment.registration.call_id == call_id
            assert phone.granted is not None
            assert phone.granted.has_push
            await phone.terminate()
            await called(home, phone)
            await told.noted("invite")
            assert [shown.kind for shown in phone.notifications] == ["call"]

    run_real(story())


def test_a_call_that_waits_for_a_token_that_changed_is_delivered_when_the_new_one_registers(
    tmp_path: Path, lab_folder: Path
) -> None:  # U4, C4
    async def story() -> None:
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = home.phone("alice", "fcm", Transport.TCP)
            await phone.start()
            await phone.sleep()
            await home.lab.switches.set("fcm", drop=True)
            outgoing = await called(home, phone)
            await home.server.happened(Happened.PUSH_ACCEPTED)
            await phone.change_token()
            await told.noted("invite")
            assert phone.current_call is not None
            phone.accept(phone.current_call)
            await told.noted("call", state="up")
            assert (outgoing.state, phone.invites) == (CallState.UP, 1)
            assert [kind for kind in told.kinds() if kind.startswith("push")] == []

    run_real(story())


def test_a_phone_that_can_get_no_new_token_ends_push_and_stays_registered(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:  # U4, U5
        async with open_home(tmp_path, lab_folder) as home:
            phone, told = home.phone("alice", "fcm", Transport.TCP)
            await phone.start()
            assert phone._box is not None
            await phone._box.close()
            await phone.change_token()
            assert phone.granted is not None
            assert not phone.granted.has_push
            await called(home, phone)
            await told.noted("invite")
            assert phone.notifications == []

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
