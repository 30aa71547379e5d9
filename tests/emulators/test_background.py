"""Claims about what iOS does with background pushes."""

from tests.emulators.bench import ManualClock

from ringwake.emulators.background import AN_HOUR, BackgroundBudget
from ringwake.emulators.device import Device


def test_each_device_has_three_an_hour() -> None:
    clock = ManualClock()
    budget, one, other = BackgroundBudget(clock), Device("one", "s"), Device("other", "s")
    assert [budget.take(one, 1.0) for _ in range(AN_HOUR + 1)] == [True, True, True, False]
    assert budget.take(other, 1.0)
    clock.advance(3599)
    assert not budget.take(one, 1.0)
    clock.advance(1)
    assert budget.take(one, 1.0)


def test_a_share_lowers_it_to_one_at_least_and_none_lifts_it() -> None:
    budget, phone = BackgroundBudget(ManualClock()), Device("phone", "s")
    assert [budget.take(phone, 0.1) for _ in range(2)] == [True, False]
    assert all(budget.take(phone, 0) for _ in range(20))
