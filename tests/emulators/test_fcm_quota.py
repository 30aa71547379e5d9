"""Claims about FCM's quotas and its throttle of collapsible messages."""

import pytest
from tests.emulators.bench import START, ManualClock, run
from tests.emulators.offices import PROJECT, FakePhone, events, make_office

from ringwake.emulators.device import Device
from ringwake.emulators.fcm_quota import DEVICE_A_MINUTE, DEVICE_AN_HOUR, PROJECT_A_MINUTE, Quota, Throttle, scaled
from ringwake.emulators.google_error import GoogleError
from ringwake.emulators.push import Push


def device(name: str = "pixel") -> Device:
    return Device(name, "secret")


def refusal(check: object) -> tuple[str, int]:
    assert callable(check)
    with pytest.raises(GoogleError) as caught:
        check()
    return caught.value.detail, caught.value.retry_after


def test_a_project_may_send_so_many_a_minute() -> None:
    clock = ManualClock()
    quota, share = Quota(clock), 3 / PROJECT_A_MINUTE
    clock.advance(10)
    for _ in range(3):
        quota.check_project(share)
    clock.advance(18.5)
    assert refusal(lambda: quota.check_project(share)) == ("message rate of the project exceeded", 42)
    clock.advance(41.5)
    quota.check_project(share)


def test_a_device_may_be_sent_so_many_a_minute_and_others_are_not_concerned() -> None:
    clock = ManualClock()
    quota, phone = Quota(clock), device()
    for _ in range(DEVICE_A_MINUTE):
        quota.check_device(phone, 1.0)
        quota.count(phone)
    assert refusal(lambda: quota.check_device(phone, 1.0)) == ("message rate of the device exceeded", 60)
    quota.check_device(device("other"), 1.0)
    clock.advance(60)
    quota.check_device(phone, 1.0)


def test_a_device_may_be_sent_so_many_an_hour() -> None:
    clock = ManualClock()
    quota, phone = Quota(clock), device()
    for number in range(DEVICE_AN_HOUR):
        clock.advance(0 if number % 200 else 60)
        quota.check_device(phone, 1.0)
        quota.count(phone)
    clock.advance(60)
    assert refusal(lambda: quota.check_device(phone, 1.0)) == ("message rate of the device exceeded", 3600 - 25 * 60)


def test_without_quotas_nothing_is_refused() -> None:
    quota, phone = Quota(ManualClock()), device()
    for _ in range(DEVICE_AN_HOUR + 1):
        quota.check_device(phone, 0.0)
        quota.count(phone)
    quota.check_project(0.0)


def test_a_share_leaves_at_least_one() -> None:
    assert [scaled(240, share) for share in (1.0, 0.5, 0.001)] == [240, 120, 1]


class Bench:
    def __init__(self, quota: float = 1.0) -> None:
        self.clock = ManualClock()
        self.office = make_office(self.clock, fcm={"quota": quota})
        self.device = self.office.directory.device("pixel", "secret")[0]
        self.token = self.office.directory.register(self.device, "fcm", PROJECT).tokens[""]
        self.phone = FakePhone()
        self.office.mailroom.attach(self.device, self.phone)
        self.throttle = Throttle(self.office)

    def post(self, name: str, slot: str = "k", ttl: float = 86_400.0) -> None:
        expires_at = START + self.clock.passed + ttl if ttl else 0.0
        push = Push(
            provider="fcm", app=PROJECT, token=self.token, id=name, kind="HIGH", expires_at=expires_at, slot=slot
        )
        self.throttle.post(self.device, push)


def test_twenty_collapsible_messages_pass_and_of_the_rest_the_latest_when_its_turn_comes() -> None:
    bench = Bench()
    for number in range(23):
        bench.post(str(number))
    assert bench.phone.ids == [str(number) for number in range(20)]
    bench.clock.advance(179)
    assert len(bench.phone.ids) == 20
    bench.clock.advance(1)
    assert bench.phone.ids[20:] == ["22"]
    told = events(bench.office)[20:]
    assert told == ["throttled collapsible", "replaced by a later one", "replaced by a later one", "delivered"]


def test_keys_share_their_apps_allowance_and_wait_each_for_its_turn() -> None:
    bench = Bench(quota=0.05)
    bench.post("first")
    bench.post("a", "a")
    bench.post("b", "b")
    bench.clock.advance(180)
    assert bench.phone.ids == ["first", "a"]
    bench.clock.advance(180)
    assert bench.phone.ids == ["first", "a", "b"]


def test_messages_without_a_key_are_never_throttled() -> None:
    bench = Bench(quota=0.05)
    for number in range(30):
        bench.post(str(number), slot="")
    assert len(bench.phone.ids) == 30


def test_without_quotas_nothing_is_throttled() -> None:
    bench = Bench(quota=0.0)
    for number in range(30):
        bench.post(str(number))
    assert len(bench.phone.ids) == 30


@pytest.mark.parametrize(("ttl", "end"), [(0.0, "dropped throttled"), (100.0, "expired throttled")])
def test_what_has_no_time_to_wait_is_lost(ttl: float, end: str) -> None:
    bench = Bench(quota=0.05)
    bench.post("first")
    bench.post("second", ttl=ttl)
    bench.clock.advance(180)
    assert bench.phone.ids == ["first"]
    assert events(bench.office)[-1] == end


def test_what_is_held_when_the_lab_ends_is_lost() -> None:
    async def story() -> None:
        bench = Bench(quota=0.05)
        bench.post("first")
        bench.post("second")
        bench.office.mailroom.close()
        assert bench.clock.pending == []

    run(story())
