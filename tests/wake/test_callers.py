"""Claims about callers: one may call a sleeping account now and then, and many together not for ever."""

from __future__ import annotations

import pytest

from ringwake.wake.allowance import Suppressed
from ringwake.wake.budget import TENANT
from ringwake.wake.callers import ACCOUNT, ALL_ACCOUNTS, CALLER, Callers
from ringwake.wake.rate import Rate


def test_one_caller_is_turned_away_for_a_while_and_the_others_are_not() -> None:
    callers = Callers(each=3)
    for at in (0.0, 10.0, 20.0):
        assert callers.refusal("boss", "alice", at) is None
        callers.asked("boss", "alice", at)
    assert callers.refusal("boss", "alice", 20.0) == Suppressed(CALLER, 60.0)
    assert callers.refusal("bob", "alice", 20.0) is None
    assert callers.refusal("boss", "carol", 20.0) is None
    assert callers.refusal("boss", "alice", 60.0) is None


def test_many_callers_are_turned_away_together() -> None:
    callers = Callers(together=5)
    for number in range(5):
        callers.asked(f"caller {number}", "alice", float(number))
    assert callers.refusal("another", "alice", 5.0) == Suppressed(ACCOUNT, 60.0)
    assert callers.refusal("another", "carol", 5.0) is None


def test_a_call_that_was_answered_does_not_count() -> None:
    callers = Callers(each=1, together=1)
    callers.asked("boss", "alice", 1.0)
    callers.forgive("boss", "alice", 1.0)
    assert callers.refusal("boss", "alice", 2.0) is None


def test_nobody_is_remembered_longer_than_two_minutes() -> None:
    callers = Callers()
    callers.asked("boss", "alice", 0.0)
    assert len(callers) == 3
    callers.sweep(60.0)
    assert len(callers) == 1, "the rate of all the caller's calls"
    callers.sweep(120.0)
    assert len(callers) == 0


def test_one_caller_may_not_go_through_all_accounts() -> None:
    callers = Callers(total=5)
    for number in range(5):
        assert callers.refusal("boss", f"phone{number}@example.com", 0.0) is None
        callers.asked("boss", f"phone{number}@example.com", 0.0)
    refused = callers.refusal("boss", "another@example.com", 0.0)
    assert refused is not None
    assert refused.reason == ALL_ACCOUNTS
    assert refused.until == pytest.approx(72.0)
    assert callers.refusal("bob", "another@example.com", 0.0) is None
    callers.forgive("boss", "phone0@example.com", 0.0)
    assert callers.refusal("boss", "another@example.com", 0.0) is None, "one of them was answered"


def test_where_a_tenant_has_used_up_its_wakes_no_call_is_taken() -> None:
    tenants = Rate(most=1)
    callers = Callers(tenants=tenants)
    assert callers.refusal("boss", "alice@example.com", 0.0) is None
    tenants.use("example.com", 0.0)
    refused = callers.refusal("boss", "alice@example.com", 0.0)
    assert refused is not None
    assert refused.reason == TENANT
    assert callers.refusal("boss", "alice@example.org", 0.0) is None
