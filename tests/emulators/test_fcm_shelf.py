"""Claims about what FCM keeps for an app on a device that is away."""

from tests.emulators.bench import START, ManualClock
from tests.emulators.offices import PROJECT, FakePhone, events, make_office

from ringwake.emulators.fcm_shelf import MOST_PENDING
from ringwake.emulators.push import Push


class Bench:
    def __init__(self, quota: float = 1.0) -> None:
        self.office = make_office(ManualClock(), fcm={"quota": quota})
        self.device = self.office.directory.device("pixel", "secret")[0]
        self.phone = FakePhone()
        apps = {app: self.office.directory.register(self.device, "fcm", app) for app in (PROJECT, "other")}
        self.tokens = {app: entry.tokens[""] for app, entry in apps.items()}

    def post(self, name: str, slot: str = "", app: str = PROJECT) -> None:
        push = Push(
            provider="fcm", app=app, token=self.tokens[app], id=name, kind="HIGH", expires_at=START + 9, slot=slot
        )
        self.office.mailroom.post(self.device, push)

    def attach(self) -> list[object]:
        self.office.mailroom.attach(self.device, self.phone)
        return [message.get("id", message["op"]) for message in self.phone.messages]


def test_a_hundred_wait_and_come_in_order() -> None:
    bench = Bench()
    for number in range(MOST_PENDING):
        bench.post(str(number))
    assert bench.attach() == [str(number) for number in range(MOST_PENDING)]


def test_one_more_and_all_are_gone_and_the_app_is_told_once() -> None:
    bench = Bench()
    bench.post("others", app="other")
    bench.post("kept too long", "k")
    for number in range(MOST_PENDING + 1):
        bench.post(str(number))
    bench.post("later")
    assert bench.attach() == ["deleted", "others", "later"]
    assert bench.phone.messages[0] == {"op": "deleted", "provider": "fcm", "app": PROJECT}
    assert events(bench.office).count("dropped too many pending") == MOST_PENDING + 2
    again = FakePhone()
    bench.office.mailroom.attach(bench.device, again)
    assert again.messages[0]["op"] == "push"


def test_a_share_lowers_what_may_wait() -> None:
    bench = Bench(quota=0.02)
    for name in "abc":
        bench.post(name)
    assert bench.attach() == ["deleted"]


def test_four_collapse_keys_are_kept_and_the_oldest_goes() -> None:
    bench = Bench()
    for number in range(6):
        bench.post(f"{number}", f"key {number}")
    bench.post("2 again", "key 2")
    bench.post("no key")
    assert bench.attach() == ["3", "4", "5", "2 again", "no key"]
    assert events(bench.office).count("dropped over four collapse keys") == 2


def test_without_quotas_all_is_kept() -> None:
    bench = Bench(quota=0.0)
    for number in range(MOST_PENDING + 1):
        bench.post(str(number), f"key {number}")
    assert len(bench.attach()) == MOST_PENDING + 1
