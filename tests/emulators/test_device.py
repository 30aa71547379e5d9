"""Claims about one device: its secret, its connection, what it has not acknowledged."""

from tests.emulators.offices import FakePhone

from ringwake.emulators.device import ATTACHED_ELSEWHERE, Device
from ringwake.emulators.push import Push


def push(name: str, token: str = "t") -> Push:
    return Push(provider="fcm", app="app", token=token, id=name, kind="HIGH", fields={"payload": {"a": "b"}})


def test_only_its_own_secret_fits() -> None:
    device = Device("phone", "secret-1")
    assert device.knows("secret-1")
    assert not device.knows("secret-2")


def test_a_push_is_numbered_and_carries_what_the_service_said() -> None:
    device, phone = Device("phone", "s"), FakePhone()
    device.attach(phone)
    assert [device.deliver(push("a")), device.deliver(push("b"))] == [1, 2]
    assert phone.messages[0] == {
        "op": "push",
        "seq": 1,
        "again": False,
        "provider": "fcm",
        "service": "",
        "app": "app",
        "id": "a",
        "payload": {"a": "b"},
    }


def test_what_was_not_acknowledged_comes_again_with_its_number() -> None:
    device, phone, again = Device("phone", "s"), FakePhone(), FakePhone()
    device.attach(phone)
    for name in "abc":
        device.deliver(push(name))
    assert device.acknowledge(2) is not None
    assert device.acknowledge(2) is None
    device.detach(phone)
    assert not device.is_attached
    device.attach(again)
    assert [(message["seq"], message["again"]) for message in again.messages] == [(1, True), (3, True)]
    assert device.deliver(push("d")) == 4
    assert device.unacknowledged == 3


def test_a_second_connection_takes_over() -> None:
    device, old, new = Device("phone", "s"), FakePhone(), FakePhone()
    device.attach(old)
    device.attach(new)
    assert old.ended == [ATTACHED_ELSEWHERE]
    assert not device.detach(old)
    assert device.is_attached
    device.deliver(push("a"))
    assert (old.ids, new.ids) == ([], ["a"])


def test_what_waits_for_dead_tokens_is_discarded() -> None:
    device, phone = Device("phone", "s"), FakePhone()
    device.attach(phone)
    for name, token in (("a", "t"), ("b", "u")):
        device.deliver(push(name, token))
    device.stored.put(push("c", "t"))
    assert device.load == 3
    assert [each.id for each in device.forget({"t"})] == ["a", "c"]
    assert device.load == 1
