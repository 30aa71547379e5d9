"""Claims about phones whose turn has not come."""

from __future__ import annotations

from tests.wake.phones import binding, flow

from ringwake.wake.plan import Action, Target
from ringwake.wake.reserve import Reserve


def reserve(**turns: float) -> Reserve:
    """Return phones that sleep, each with its turn."""
    made = Reserve()
    for device, at in turns.items():
        made.add(Target(binding(device), Action.WAKE), at)
    return made


def names(targets: list[Target]) -> list[str]:
    return [target.binding.id for target in targets]


def test_a_phone_is_taken_when_its_turn_has_come_and_once() -> None:
    turns = reserve(a=10.0, b=20.0, c=10.0)
    assert turns.first() == 10.0
    assert names(turns.take(9.9)) == []
    assert names(turns.take(10.0)) == ["a", "c"]
    assert names(turns.take(10.0)) == []
    assert (turns.first(), "a" in turns, "b" in turns) == (20.0, False, True)


def test_who_is_hurried_comes_now_and_the_others_as_much_earlier() -> None:
    turns = reserve(a=10.0, b=25.0)
    turns.hurry(4.0)
    assert names(turns.take(4.0)) == ["a"]
    assert turns.first() == 19.0


def test_a_turn_that_has_come_is_put_off_by_no_hurry() -> None:
    turns = reserve(a=3.0, b=25.0)
    turns.hurry(4.0)
    assert (turns.first(), bool(turns)) == (3.0, True)


def test_nobody_is_hurried_when_nobody_waits() -> None:
    turns = Reserve()
    turns.hurry(4.0)
    assert (turns.first(), bool(turns)) == (None, False)


def test_a_phone_that_has_registered_need_not_be_woken() -> None:
    turns = reserve(a=10.0)
    fresh = binding("a", flow=flow(2))
    assert turns.registered(fresh)
    assert turns.take(10.0) == [Target(fresh, Action.RING)]
    assert not turns.registered(fresh), "it has had its turn"


def test_flows_that_a_phone_has_besides_are_kept_for_its_turn() -> None:
    turns, wifi, mobile = Reserve(), binding("a", flow=flow(1)), binding("m", flow=flow(2), first="a")
    turns.add(Target(wifi, Action.RING), 10.0)
    assert turns.registered(mobile)
    assert turns.registered(mobile)
    assert turns.take(10.0) == [Target(mobile, Action.RING, others=(wifi,))]


def test_a_flow_that_is_gone_is_not_tried() -> None:
    turns, wifi, mobile = Reserve(), binding("a", flow=flow(1)), binding("m", flow=flow(2), first="a")
    turns.add(Target(wifi, Action.RING, others=(mobile,)), 10.0)
    turns.left({"m"})
    assert turns.take(10.0) == [Target(mobile, Action.RING)]


def test_a_phone_that_has_removed_its_binding_is_waited_for_in_silence() -> None:
    turns = reserve(a=10.0, b=10.0)
    turns.left({"b"})
    awaited, woken = turns.take(10.0)
    assert (awaited.action, awaited.binding.push) == (Action.AWAIT, None)
    assert woken.action is Action.WAKE


def test_who_has_declined_has_no_turn() -> None:
    turns = reserve(a=10.0, b=11.0)
    turns.drop("a")
    turns.drop("x")
    assert turns.first() == 11.0
    turns.clear()
    assert not turns
