"""Claims about the way of a push from acceptance to the phone."""

import pytest
from tests.emulators.bench import START, ManualClock, run
from tests.emulators.offices import PROJECT, FakePhone, events, make_office

from ringwake.emulators.device import Device
from ringwake.emulators.mailroom import MOST_WAITING
from ringwake.emulators.office import Office
from ringwake.emulators.push import Push


class Bench:
    def __init__(self, **switches: dict[str, object]) -> None:
        self.clock = ManualClock()
        self.office: Office = make_office(self.clock, **switches)
        self.device: Device = self.office.directory.device("phone", "s")[0]
        self.token = self.office.directory.register(self.device, "fcm", PROJECT).tokens[""]
        self.phone = FakePhone()

    def post(self, name: str, *, ttl: float = 0.0, slot: str = "") -> None:
        expires_at = START + self.clock.passed + ttl if ttl else 0.0
        push = Push(
            provider="fcm", app=PROJECT, token=self.token, id=name, kind="HIGH", expires_at=expires_at, slot=slot
        )
        self.office.mailroom.post(self.device, push)

    def attach(self) -> None:
        self.office.mailroom.attach(self.device, self.phone)

    @property
    def events(self) -> list[str]:
        return events(self.office)


def test_a_device_that_is_there_gets_it_at_once() -> None:
    bench = Bench()
    bench.attach()
    bench.post("a")
    assert bench.phone.ids == ["a"]
    assert bench.events == ["delivered"]


def test_one_try_is_lost_if_the_device_is_away() -> None:
    bench = Bench()
    bench.post("a")
    bench.attach()
    assert bench.phone.ids == []
    assert bench.events == ["expired device away"]


def test_what_has_time_is_stored_until_the_device_is_there() -> None:
    bench = Bench()
    bench.post("a", ttl=10)
    bench.post("b", ttl=20)
    assert bench.office.mailroom.waiting(bench.device) == 2
    bench.clock.advance(10)
    assert bench.office.mailroom.waiting(bench.device) == 1
    bench.attach()
    assert bench.phone.ids == ["b"]
    assert bench.events == ["stored device away", "stored device away", "expired device away", "delivered"]


def test_a_slot_holds_the_latest_only() -> None:
    bench = Bench()
    for name in "ab":
        bench.post(name, ttl=10, slot="x")
    bench.attach()
    assert bench.phone.ids == ["b"]
    assert bench.events == ["stored device away", "replaced by a later one", "stored device away", "delivered"]


def test_dropped_pushes_never_arrive() -> None:
    bench = Bench(fcm={"drop": True})
    bench.attach()
    bench.post("a", ttl=10)
    assert bench.phone.ids == []
    assert bench.events == ["dropped switch"]


def test_doubled_pushes_arrive_twice_under_one_id() -> None:
    bench = Bench(fcm={"duplicate": True})
    bench.attach()
    bench.post("a")
    assert bench.phone.ids == ["a", "a"]
    assert [message["seq"] for message in bench.phone.messages] == [1, 2]


def test_a_delay_holds_back_and_the_device_may_come_meanwhile() -> None:
    async def story() -> None:
        bench = Bench(fcm={"delay": 3})
        bench.post("a")
        assert bench.device.load == 1
        bench.attach()
        bench.clock.advance(2.9)
        assert bench.phone.ids == []
        bench.clock.advance(0.1)
        assert bench.phone.ids == ["a"]
        assert bench.device.load == 1

    run(story())


def test_what_is_delayed_when_the_lab_ends_is_lost() -> None:
    bench = Bench(fcm={"delay": 3})
    bench.attach()
    bench.post("a")
    bench.office.mailroom.close()
    assert bench.clock.pending == []


@pytest.mark.parametrize("change", ["unregister", "rotate"])
def test_what_waits_for_a_dead_token_is_lost(change: str) -> None:
    bench = Bench(fcm={"delay": 3})
    bench.post("late")
    bench.device.stored.put(
        Push(provider="fcm", app=PROJECT, token=bench.token, id="stored", kind="HIGH", expires_at=START + 100)
    )
    getattr(bench.office.directory, change)(bench.device, "fcm", PROJECT)
    bench.office.mailroom.forget(bench.device, {bench.token})
    bench.attach()
    bench.clock.advance(3)
    assert bench.phone.ids == []
    assert bench.events == ["dropped the token is dead"] * 2


def test_a_stored_push_can_be_withdrawn() -> None:
    bench = Bench()
    bench.post("a", ttl=10)
    assert bench.office.mailroom.withdraw(bench.device, "a")
    assert not bench.office.mailroom.withdraw(bench.device, "a")
    assert bench.events[-1] == "dropped withdrawn"


def test_there_is_room_for_so_many_and_expiry_makes_room() -> None:
    bench = Bench(fcm={"quota": 0})
    for number in range(MOST_WAITING):
        assert bench.office.mailroom.has_room(bench.device)
        bench.post(str(number), ttl=10)
    assert not bench.office.mailroom.has_room(bench.device)
    bench.clock.advance(10)
    assert bench.office.mailroom.has_room(bench.device)
