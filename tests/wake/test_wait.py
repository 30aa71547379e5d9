"""Claims about the wait for one phone: which of its timers run, and what stops them."""

from __future__ import annotations

from tests.wake.phones import binding

from ringwake.wake.delivery import Delivery, Stage
from ringwake.wake.wait import Wait


def wait() -> Wait:
    return Wait(binding(), Delivery(now=1.0, until=20.0, jitter=0.5), probe_at=2.0, ring_until=60.0)


def test_all_that_runs_has_its_time() -> None:
    assert sorted(wait().timers()) == [1.0, 2.0, 60.0]
    assert list(Wait(binding()).timers()) == []


def test_a_push_under_way_is_not_waited_for() -> None:
    under_way = wait()
    assert under_way.delivery is not None
    under_way.delivery.begin()
    assert sorted(under_way.timers()) == [2.0, 60.0]


def test_who_has_come_is_pushed_no_more_but_may_ring_too_long() -> None:
    come = wait()
    come.stop_pushing()
    assert come.delivery is not None
    assert (list(come.timers()), come.delivery.stage) == ([60.0], Stage.STOPPED)


def test_after_the_end_nothing_runs() -> None:
    over = wait()
    over.stop()
    assert list(over.timers()) == []
    never_pushed = Wait(binding(), ring_until=60.0)
    never_pushed.stop()
    assert list(never_pushed.timers()) == []


def test_a_push_whose_outcome_is_still_to_come_puts_off_the_next() -> None:
    waiting = wait()
    assert [waiting.is_due(at) for at in (0.9, 1.0)] == [False, True]
    waiting.is_in_flight = True
    assert not waiting.is_due(5.0)
    assert sorted(waiting.timers()) == [2.0, 60.0]
    waiting.is_in_flight = False
    assert waiting.is_due(5.0)
    assert not Wait(binding()).is_due(5.0)


def test_of_each_further_flow_only_what_was_heard_last_counts() -> None:
    phone = wait()
    old, new, other = binding("b"), binding("b", registered_at=1.0), binding("c")
    for flow in (old, other, new):
        phone.add(flow)
    assert phone.others == [other, new]
