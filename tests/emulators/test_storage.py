"""Claims about what is kept for a device that is away."""

from ringwake.emulators.push import Push
from ringwake.emulators.storage import Storage


def push(name: str, *, slot: str = "", app: str = "app", token: str = "t", expires_at: float = 10.0) -> Push:
    return Push(provider="fcm", app=app, token=token, id=name, kind="HIGH", expires_at=expires_at, slot=slot)


def ids(pushes: list[Push]) -> list[str]:
    return [each.id for each in pushes]


def test_pushes_come_out_in_order_and_once() -> None:
    storage = Storage()
    for name in "abc":
        assert storage.put(push(name)) is None
    assert len(storage) == 3
    assert ids(storage.take()) == ["a", "b", "c"]
    assert storage.take() == []


def test_a_later_push_replaces_one_of_the_same_slot_and_goes_to_the_end() -> None:
    storage = Storage()
    for name, slot in (("a", "x"), ("b", ""), ("c", "y")):
        storage.put(push(name, slot=slot))
    replaced = storage.put(push("d", slot="x"))
    assert replaced is not None
    assert replaced.id == "a"
    assert ids(storage.take()) == ["b", "c", "d"]


def test_slots_of_different_apps_are_different() -> None:
    storage = Storage()
    storage.put(push("a", slot="x", app="one"))
    assert storage.put(push("b", slot="x", app="two")) is None


def test_a_slot_can_not_be_mistaken_for_a_serial() -> None:
    storage = Storage()
    storage.put(push("a"))
    assert storage.put(push("b", slot="1")) is None
    assert storage.put(push("c", slot="serial 1")) is None


def test_what_has_expired_comes_out_as_such() -> None:
    storage = Storage()
    for name, at in (("a", 10.0), ("b", 11.0)):
        storage.put(push(name, expires_at=at))
    assert ids(storage.expire(9.9)) == []
    assert ids(storage.expire(10.0)) == ["a"]
    assert ids(storage.take()) == ["b"]


def test_pushes_can_be_withdrawn_and_forgotten() -> None:
    storage = Storage()
    for name, token in (("a", "t"), ("b", "u"), ("c", "t")):
        storage.put(push(name, token=token))
    withdrawn = storage.withdraw("a")
    assert withdrawn is not None
    assert withdrawn.id == "a"
    assert storage.withdraw("a") is None
    assert ids(storage.forget({"t", "v"})) == ["c"]
    assert ids(storage.take()) == ["b"]


def test_what_is_kept_for_an_app_can_be_looked_at_and_discarded() -> None:
    storage = Storage()
    for name, app in (("a", "one"), ("b", "two"), ("c", "one")):
        storage.put(push(name, app=app))
    kept = storage.of("fcm", "one")
    assert ids(kept) == ["a", "c"]
    assert storage.of("apns", "one") == []
    storage.discard(kept[:1])
    assert ids(storage.take()) == ["b", "c"]
