"""Claims about the waits of one call: who is found by what, and who is silent."""

from __future__ import annotations

from tests.proxy.fork import Fork, branch
from tests.wake.phones import binding, flow

from ringwake.wake.delivery import Delivery, Stage
from ringwake.wake.waits import Waits


def test_a_phone_is_waited_for_once_whichever_of_its_bindings_comes() -> None:
    waits = Waits(Fork().context)
    assert (len(waits), waits.get("a")) == (0, None)
    first = waits.of(binding("a"))
    assert waits.of(binding("a2", first="a", flow=flow(2))) is first is waits.get("a")
    assert list(waits) == [first]


def test_a_wait_is_found_by_the_branch_of_its_phone() -> None:
    fork = Fork()
    waits = Waits(fork.context)
    found = [waits.of(binding(device)) for device in "ab"]
    fork.all_begin("a", "b")
    assert [waits.of_branch(branch(device)) for device in "abc"] == [*found, None]


def test_who_sleeps_or_does_not_answer_is_silent() -> None:
    fork = Fork()
    waits = Waits(fork.context)
    for number, device in enumerate("abcd"):
        waits.of(binding(device)).silent_until = float(number)
    fork.context.expect("a")
    fork.all_begin("b", "c", "d")
    fork.answer("c", 100)
    fork.answer("d", 486)
    assert waits.silent() == [waits.get("a"), waits.get("b")]
    assert waits.timers() == [0.0, 1.0]


def test_all_pushes_stop_together() -> None:
    waits = Waits(Fork().context)
    deliveries = []
    for device in "ab":
        delivery = waits.of(binding(device)).delivery = Delivery(now=1.0, until=20.0, jitter=0.5)
        deliveries.append(delivery)
    assert waits.timers() == [1.0, 1.0]
    waits.stop_pushing()
    assert [delivery.stage for delivery in deliveries] == [Stage.STOPPED] * 2
    assert waits.timers() == []
