"""Two iPhones, an Android phone and a browser of one account: one answers, the others stop, and no phone rings on."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.home import Happenings, Home, open_home
from tests.support.lock_screen import LockScreen
from tests.support.real_loop import run_real

from ringwake.app.system import SystemIds
from ringwake.model.events import Happened
from ringwake.sip.flow import Transport
from ringwake.softphone.app_state import PhoneNote
from ringwake.softphone.device import Device
from ringwake.ua.call import CallState, OutgoingCall

PHONES = {
    "iPhone": ("apns", Transport.TLS),
    "other iPhone": ("apns", Transport.TLS),
    "Android": ("fcm", Transport.TCP),
    "browser": ("webpush", Transport.WSS),
}
ELSEWHERE = ("answered elsewhere", "elsewhere")
"""How a call is over that another phone has: by SIP, or by push."""
LATE = 1.5
"""Seconds for which Apple holds its pushes back, in the stories of phones that come too late."""


@dataclass(frozen=True, slots=True)
class Person:
    """One phone, and what its owner sees."""

    name: str
    device: Device
    screen: LockScreen


class Family:
    """All phones of the account, and somebody who calls it."""

    def __init__(self, home: Home) -> None:
        self.home = home
        self.happenings = Happenings()
        self.phones = {name: self._person(name, *how) for name, how in PHONES.items()}
        self.boss, _ = home.phone("boss", "", Transport.UDP)
        home.app.listeners.append(self.happenings.event)

    def _person(self, name: str, provider: str, transport: Transport) -> Person:
        screen = LockScreen()

        def note(one: PhoneNote) -> None:
            screen.note(one)
            self.happenings.note(one)

        settings = self.home.settings("alice", provider, transport, device=f"alice-{name.replace(' ', '-')}")
        device = Device(settings, SystemIds(), on_note=note)
        self.home.phones.append(device)
        return Person(name, device, screen)

    @property
    def screens(self) -> list[LockScreen]:
        return [person.screen for person in self.phones.values()]

    @property
    def badges(self) -> dict[str, int]:
        return {name: person.screen.badge for name, person in self.phones.items()}

    def call(self) -> OutgoingCall:
        return self.boss.call(self.home.settings("alice").identity.aor)

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until something is the case."""
        try:
            async with asyncio.timeout(8):
                await self.happenings.until(is_so)
        except TimeoutError:
            seen = {name: (p.screen.calls, p.screen.badge, p.device.invites) for name, p in self.phones.items()}
            raise AssertionError(seen) from None

    async def sleep(self) -> None:
        """Let all apps be terminated."""
        for person in self.phones.values():
            await person.device.terminate()

    async def answers(self, name: str) -> None:
        """Let one phone answer as soon as it rings."""
        device = self.phones[name].device
        await self.until(lambda: device.current_call is not None)
        assert device.current_call is not None
        device.accept(device.current_call)

    def ghosts(self) -> int:
        return sum(event.what is Happened.GHOST_SENT for event in self.happenings.events)


@asynccontextmanager
async def family(folder: Path, lab_folder: Path) -> AsyncIterator[Family]:
    """Open a home with four phones that sleep, and a caller."""
    async with open_home(folder, lab_folder) as home:
        everybody = Family(home)
        for person in everybody.phones.values():
            assert (await person.device.start()).has_push
        await everybody.boss.start()
        await everybody.sleep()
        yield everybody


@pytest.fixture(scope="module")
def lab_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Keep the laboratory's keys from test to test: making them is slow."""
    return tmp_path_factory.mktemp("lab")


def over(screen: LockScreen, outgoing: OutgoingCall) -> bool:
    return screen.calls.get(outgoing.call_id, "ringing") not in ("ringing", "up")


@pytest.mark.parametrize("name", PHONES)
def test_one_answers_and_the_other_three_stop(name: str, tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with family(tmp_path, lab_folder) as all_four:
            outgoing = all_four.call()
            await all_four.until(lambda: all(person.device.invites for person in all_four.phones.values()))
            await all_four.answers(name)
            others = [person.screen for person in all_four.phones.values() if person.name != name]
            await all_four.until(lambda: all(over(screen, outgoing) for screen in others))
            assert [screen.calls for screen in others] == [{outgoing.call_id: ELSEWHERE[0]}] * 3
            await all_four.until(lambda: all_four.phones[name].screen.calls == {outgoing.call_id: "up"})
            assert outgoing.state is CallState.UP
            all_four.boss.hang_up(outgoing)
            await all_four.until(lambda: over(all_four.phones[name].screen, outgoing))
            assert [person.device.invites for person in all_four.phones.values()] == [1] * 4
            assert [screen.announced for screen in all_four.screens] == [[outgoing.call_id]] * 4
            assert [screen.phantoms for screen in all_four.screens] == [[]] * 4
            assert set(all_four.badges.values()) == {0}
            assert all_four.ghosts() == 0

    run_real(story())


@pytest.mark.parametrize("name", ["Android", "browser"])
def test_an_iphone_that_wakes_after_another_has_answered_does_not_ring_on(
    name: str, tmp_path: Path, lab_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def story() -> None:
        async with family(tmp_path, lab_folder) as all_four:
            await all_four.home.lab.switches.set("apns", delay=LATE)
            outgoing = all_four.call()
            await all_four.answers(name)
            await all_four.until(lambda: outgoing.state is CallState.UP)
            late = [all_four.phones[one] for one in ("iPhone", "other iPhone")]
            assert [person.screen.announced for person in late] == [[], []], "Apple has not delivered yet"
            await all_four.until(lambda: all(over(person.screen, outgoing) for person in late))
            await all_four.until(lambda: all(person.device.invites for person in late))
            await all_four.until(lambda: not any(screen.phantoms for screen in all_four.screens))
            states = [person.screen.calls[outgoing.call_id] for person in late]
            assert set(states) <= set(ELSEWHERE)
            assert (all_four.ghosts(), [person.device.invites for person in late]) == (2, [1, 1])
            assert outgoing.state is CallState.UP, "which nothing of that has reached"
            assert set(all_four.badges.values()) == {0}
            with capsys.disabled():
                sys.stderr.write(f"\ntwo iPhones that came {LATE} s too late: {', '.join(states)}; phantom rings: 0\n")

    run_real(story())


def test_one_declines_for_all(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with family(tmp_path, lab_folder) as all_four:
            outgoing = all_four.call()
            await all_four.until(lambda: all(person.device.invites for person in all_four.phones.values()))
            device = all_four.phones["Android"].device
            assert device.current_call is not None
            device.reject(device.current_call, 603)
            await all_four.until(lambda: all(over(screen, outgoing) for screen in all_four.screens))
            await all_four.until(lambda: outgoing.state is CallState.ENDED)
            assert outgoing.status == 603
            states = {name: person.screen.calls[outgoing.call_id] for name, person in all_four.phones.items()}
            assert states == {name: "rejected" if name == "Android" else "declined elsewhere" for name in PHONES}
            assert set(all_four.badges.values()) == {0}

    run_real(story())


def test_a_call_that_nobody_takes_counts_once_on_each_badge(tmp_path: Path, lab_folder: Path) -> None:
    async def story() -> None:
        async with family(tmp_path, lab_folder) as all_four:
            await all_four.home.lab.switches.set("apns", delay=LATE)
            for number in (1, 2):
                await _missed(all_four, number)
                await all_four.sleep()
            assert [screen.phantoms for screen in all_four.screens] == [[]] * 4

    run_real(story())


async def _missed(all_four: Family, number: int) -> None:
    """Let the caller hang up while it rings on two phones, before the others have even had their pushes."""
    outgoing, devices = all_four.call(), {name: person.device for name, person in all_four.phones.items()}
    await all_four.until(lambda: devices["Android"].current_call and devices["browser"].current_call)
    all_four.boss.hang_up(outgoing)
    await all_four.until(lambda: all(over(screen, outgoing) for screen in all_four.screens))
    await all_four.until(lambda: all_four.badges == dict.fromkeys(PHONES, number))
    await all_four.until(lambda: all_four.ghosts() == 2 * number)
    told = [all_four.phones[name].screen.heard for name in ("iPhone", "other iPhone")]
    await all_four.until(lambda: all(("missed", outgoing.call_id) in heard for heard in told))
    await all_four.until(lambda: all(device.invites == number for device in devices.values()))
    await all_four.until(lambda: not any(device.current_call for device in devices.values()))
    assert all_four.badges == dict.fromkeys(PHONES, number)
