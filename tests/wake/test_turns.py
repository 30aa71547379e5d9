"""Claims about turns: who rings first, who later, and that nobody waits for a phone that cannot ring."""

from __future__ import annotations

import pytest
from tests.wake.phones import binding

from ringwake.model.binding import Binding
from ringwake.model.call_settings import CallSettings
from ringwake.model.settings import UNCHOSEN, DeviceSettings, Settings
from ringwake.wake.plan import Action, Target
from ringwake.wake.turns import in_turn, preference

HUNT = CallSettings(in_order=True, next_after=15)


def phone(name: str, q: str = "", action: Action = Action.RING) -> Target:
    return Target(binding(name, params=f";q={q}" if q else ""), action)


def starts(settings: Settings, *targets: Target) -> dict[str, float]:
    return {target.binding.id: target.ring_after for target in in_turn(targets, settings)}


def later(**seconds: float) -> tuple[DeviceSettings, ...]:
    return tuple(DeviceSettings(device=name, ring_after=after) for name, after in seconds.items())


def test_all_ring_at_once_unless_their_owner_wants_otherwise() -> None:
    assert starts(UNCHOSEN, phone("a", "0.1"), phone("b", "0.9")) == {"a": 0, "b": 0}
    assert starts(UNCHOSEN) == {}


def test_in_order_the_highest_q_is_first_and_the_same_q_is_at_once() -> None:
    phones = [phone("a", "0.5"), phone("b", "0.9"), phone("c", "0.5", Action.WAKE), phone("d", "0"), phone("e")]
    assert starts(Settings(calls=HUNT), *phones) == {"e": 0, "b": 15, "a": 30, "c": 30, "d": 45}


def test_a_phone_that_cannot_ring_takes_no_turn() -> None:
    phones = [phone("a", "1", Action.SKIP), phone("b", "0.5"), phone("c", "0.3", Action.SKIP), phone("d", "0.1")]
    assert starts(Settings(calls=HUNT), *phones) == {"a": 0, "b": 0, "c": 0, "d": 15}


def test_a_phone_may_ring_later_than_the_others() -> None:
    assert starts(Settings(devices=later(a=10, b=4)), phone("a"), phone("b"), phone("c")) == {"a": 10, "b": 4, "c": 0}


def test_it_is_counted_from_the_first_phones_so_one_alone_rings_at_once() -> None:
    wishes = Settings(devices=later(a=10, b=4))
    assert starts(wishes, phone("a"), phone("b")) == {"a": 6, "b": 0}
    assert starts(wishes, phone("a"), phone("c", action=Action.SKIP)) == {"a": 0, "c": 0}


def test_a_phones_own_delay_holds_in_a_row_as_well() -> None:
    wishes = Settings(calls=HUNT, devices=later(a=40, c=20))
    phones = [phone("a", "0.9"), phone("b", "0.8"), phone("c", "0.7")]
    assert starts(wishes, *phones) == {"a": 25, "b": 0, "c": 15}


def test_a_phone_is_known_by_its_instance() -> None:
    wishes = Settings(devices=(DeviceSettings(device="<urn:x>", ring_after=5),))
    named = Target(binding("a", instance="<urn:x>"), Action.WAKE)
    assert starts(wishes, named, phone("b")) == {"a": 5, "b": 0}


def test_nothing_else_of_a_target_changes() -> None:
    other = binding("other")
    target = Target(binding("a", params=";q=0.1"), Action.RING, others=(other,))
    assert in_turn([target], UNCHOSEN) == [target]


@pytest.mark.parametrize(
    ("params", "q"),
    [
        ("", 1.0),
        (";q=0.7", 0.7),
        (";+sip.ice;Q=0.25", 0.25),
        (";q=1.000", 1.0),
        (";q=0", 0.0),
        (";q=0.", 0.0),
        (";q=1.5", 1.0),
        (";q=0.1234", 1.0),
        (";q=\u0660", 1.0),
        (";q", 1.0),
        (";q=0.1;q=0.2", 1.0),
    ],
)
def test_a_preference_that_cannot_be_read_is_none(params: str, q: float) -> None:
    known: Binding = binding("a", params=params)
    assert preference(known) == q
