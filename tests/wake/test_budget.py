"""Claims about how often a phone is woken: one wake at a time, few a minute, and hardly ever in silence."""

from __future__ import annotations

import pytest
from tests.wake.phones import android, iphone, push_to, target

from ringwake.model.push import Accepted, Alert, Kind, PushTarget, Service, Unreachable
from ringwake.wake.allowance import Suppressed
from ringwake.wake.breaker import CALL_PAUSES, CALL_PROBES, FAILURES
from ringwake.wake.budget import APP, BACKGROUND, CIRCUIT, HOUR, PHONE, SINGLE_FLIGHT, TENANT, Budget
from ringwake.wake.rate import Rate

CALL, MESSAGE, WAKE, REFRESH = Kind.CALL, Kind.MESSAGE, Kind.WAKE, Kind.REFRESH
PHONE_A = android()
SHOWN = Alert(body="Message from boss")


def allowed(budget: Budget, to: PushTarget, kind: Kind, owner: str, now: float) -> bool:
    """Ask for a wake that shows something, if its kind may."""
    alert = SHOWN if kind is MESSAGE else None
    return budget.take(push_to(to, kind, alert=alert), owner, now) is None


@pytest.mark.parametrize(
    ("under_way", "wanted", "is_pushed"),
    [
        # A call must ring, so only another call's push will do; a message is to be shown; the rest wants a wake.
        (CALL, CALL, False),
        (CALL, MESSAGE, False),
        (CALL, WAKE, False),
        (CALL, REFRESH, False),
        (MESSAGE, CALL, True),
        (MESSAGE, MESSAGE, False),
        (MESSAGE, WAKE, False),
        (MESSAGE, REFRESH, False),
        (WAKE, CALL, True),
        (WAKE, MESSAGE, True),
        (WAKE, WAKE, False),
        (WAKE, REFRESH, False),
        (REFRESH, CALL, True),
        (REFRESH, MESSAGE, True),
        (REFRESH, WAKE, True),
        (REFRESH, REFRESH, False),
    ],
)
def test_a_wake_under_way_does_for_what_it_covers(under_way: Kind, wanted: Kind, is_pushed: bool) -> None:
    budget = Budget(window=20.0)
    assert allowed(budget, PHONE_A, under_way, "first", 0.0)
    assert allowed(budget, PHONE_A, wanted, "second", 19.9) is is_pushed
    assert not allowed(budget, PHONE_A, wanted, "third", 19.9), "two are certainly too many"


def test_who_shares_learns_until_when_the_longest_one_takes() -> None:
    budget = Budget(window=20.0)
    allowed(budget, PHONE_A, CALL, "first", 0.0)
    allowed(budget, PHONE_A, REFRESH, "first", 5.0)
    assert budget.take(push_to(PHONE_A, REFRESH), "second", 6.0) == Suppressed(SINGLE_FLIGHT, 25.0)


@pytest.mark.parametrize("kind", [CALL, REFRESH])
def test_its_owner_may_try_again(kind: Kind) -> None:
    budget = Budget(window=20.0)
    assert [allowed(budget, PHONE_A, kind, "mine", at) for at in (0.0, 0.2, 0.7)] == [True] * 3


def test_a_wake_that_nobody_ended_is_over_after_the_window() -> None:
    budget = Budget(window=20.0)
    assert allowed(budget, PHONE_A, CALL, "first", 0.0)
    assert [allowed(budget, PHONE_A, CALL, "second", at) for at in (19.99, 20.0)] == [False, True]


def test_a_retry_begins_the_window_anew() -> None:
    budget = Budget(window=20.0)
    assert [allowed(budget, PHONE_A, CALL, "first", at) for at in (0.0, 15.0)] == [True, True]
    assert not allowed(budget, PHONE_A, CALL, "second", 34.9)


def test_a_phone_that_registered_may_be_woken_again() -> None:
    budget = Budget(window=20.0)
    for kind in (MESSAGE, CALL, REFRESH):
        allowed(budget, PHONE_A, kind, "first", 0.0)
    budget.woke(PHONE_A)
    budget.woke(PHONE_A)
    assert allowed(budget, PHONE_A, CALL, "second", 0.1)


def test_a_push_that_did_not_get_through_makes_room_for_others() -> None:
    budget = Budget(window=20.0, wakes=1)
    allowed(budget, PHONE_A, CALL, "first", 0.0)
    budget.give_back(PHONE_A, CALL, "second")
    budget.give_back(PHONE_A, MESSAGE, "first")
    assert not allowed(budget, PHONE_A, CALL, "second", 0.1), "only its owner gives a wake back"
    budget.give_back(PHONE_A, CALL, "first")
    assert allowed(budget, PHONE_A, CALL, "second", 0.2), "and it does not count"


def test_phones_do_not_share_but_all_bindings_of_one_phone_do() -> None:
    budget = Budget(window=20.0)
    phone = iphone()
    assert allowed(budget, phone, CALL, "first", 0.0)
    assert allowed(budget, PHONE_A, CALL, "second", 0.0)
    same_phone = target(phone.app, remote="remote-of-i", voip="voip-of-i")  # another account of it
    assert not allowed(budget, same_phone, CALL, "second", 0.0)


# ---- so many a minute


def woken_each_time(budget: Budget, kind: Kind, seconds: int) -> list[int]:
    """Wake a phone once a second, which comes each time; return when it was pushed to."""
    pushed = []
    for now in range(seconds):
        if allowed(budget, PHONE_A, kind, f"{kind} {now}", float(now)):
            pushed.append(now)
        budget.woke(PHONE_A)
    return pushed


def test_a_phone_that_comes_each_time_is_woken_four_times_a_minute() -> None:
    budget = Budget(window=20.0)
    assert woken_each_time(budget, CALL, 63) == [0, 1, 2, 3, 60, 61, 62]
    assert budget.take(push_to(PHONE_A), "late", 63.0) is None
    assert budget.take(push_to(android("b")), "other phone", 63.0) is None


@pytest.mark.parametrize("kind", [MESSAGE, WAKE])
def test_messages_and_other_requests_leave_half_of_it_for_calls(kind: Kind) -> None:
    budget = Budget(window=20.0)
    assert woken_each_time(budget, kind, 60) == [0, 1]
    assert allowed(budget, PHONE_A, CALL, "c1", 59.0)
    budget.woke(PHONE_A)
    assert allowed(budget, PHONE_A, CALL, "c2", 59.0)
    budget.woke(PHONE_A)
    assert budget.take(push_to(PHONE_A), "c3", 59.0) == Suppressed(PHONE, 60.0)


def test_silent_pushes_do_not_use_up_what_calls_may() -> None:
    budget = Budget(window=20.0, wakes=1)
    assert woken_each_time(budget, REFRESH, 3) == [0, 1, 2]
    assert allowed(budget, PHONE_A, CALL, "c1", 3.0)


def test_the_wake_of_a_call_that_was_answered_is_forgiven() -> None:
    budget = Budget(window=20.0, wakes=1)
    for now in range(5):
        assert allowed(budget, PHONE_A, CALL, f"c{now}", float(now))
        budget.woke(PHONE_A)
        budget.forgive(PHONE_A, float(now))


# ---- so many for all phones together


@pytest.mark.parametrize("kind", [MESSAGE, REFRESH])
def test_an_application_has_so_many_pushes_a_minute_and_calls_may_use_them_all(kind: Kind) -> None:
    budget = Budget(window=20.0, apps=Rate(most=4))
    taken = [budget.take(push_to(android(f"m{n}"), kind), "m", 0.0) for n in range(3)]
    assert [each and each.reason for each in taken] == [None, None, APP]
    calls = [budget.take(push_to(android(f"c{n}")), "c", 0.0) for n in range(3)]
    assert [each and each.reason for each in calls] == [None, None, APP]
    assert budget.take(push_to(iphone()), "c", 0.0) is None, "another application"
    budget.give_back(android("c0"), CALL, "c")
    assert budget.take(push_to(android("d")), "d", 0.0) is None, "one did not get through"


def test_a_tenant_has_so_many_wakes_a_minute_and_silent_refreshes_are_not_among_them() -> None:
    tenants = Rate(most=2)
    budget = Budget(window=20.0, tenants=tenants)
    for number in range(5):
        assert budget.take(push_to(android(f"r{number}"), REFRESH), "r", 0.0, domain="example.com") is None
        budget.give_back(android(f"r{number}"), REFRESH, "r")
    assert budget.take(push_to(android("m"), MESSAGE), "m", 0.0, domain="example.com") is None
    held = budget.take(push_to(android("n"), MESSAGE), "n", 0.0, domain="example.com")
    assert held is not None
    assert held.reason == TENANT
    assert budget.take(push_to(android("n"), MESSAGE), "n", 0.0, domain="example.org") is None
    assert budget.take(push_to(android("c")), "c", 0.0, domain="example.com") is None
    assert tenants.free_at("example.com", 0.0) > 0.0
    budget.give_back(android("c"), CALL, "c")
    assert tenants.free_at("example.com", 0.0) == 0.0
    budget.sweep(120.0)
    assert len(tenants) == 0


# ---- services that fail


def test_while_a_service_fails_nobody_is_pushed_to_by_it() -> None:
    budget, phone = Budget(window=20.0), iphone()
    for _ in range(FAILURES):
        budget.circuits.heard(push_to(phone), Unreachable("down"), 0.0)
    assert budget.take(push_to(phone), "c", 0.1) == Suppressed(CIRCUIT, CALL_PAUSES[0])
    assert budget.tell(push_to(phone, Kind.CANCEL), 0.5) == Suppressed(CIRCUIT, 1.0)
    assert budget.take(push_to(PHONE_A), "other", 0.5) is None
    assert budget.take(push_to(phone), "c", 1.0) is None, "and nothing was counted for what was not sent"


def test_a_few_pushes_see_whether_it_is_back() -> None:
    budget = Budget(window=20.0)
    for _ in range(FAILURES):
        budget.circuits.heard(push_to(PHONE_A), Unreachable("down"), 0.0)
    for number in range(CALL_PROBES):
        assert budget.take(push_to(android(f"b{number}")), "b", 1.0) is None
    held = budget.take(push_to(android("c")), "c", 1.0)
    assert held is not None
    assert held.reason == CIRCUIT
    budget.circuits.heard(push_to(android("b0")), Accepted(), 1.1)
    assert budget.take(push_to(android("c")), "c", 1.1) is None


# ---- so many silent ones an hour


def test_an_iphone_gets_two_background_pushes_an_hour_whatever_they_are_for() -> None:
    budget, phone = Budget(window=20.0), iphone()
    assert budget.take(push_to(phone, REFRESH), "r", 0.0) is None
    assert budget.tell(push_to(phone, Kind.CANCEL), 100.0) is None
    assert budget.tell(push_to(phone, Kind.ELSEWHERE), 100.0) == Suppressed(BACKGROUND, HOUR)
    assert budget.take(push_to(phone, REFRESH), "r", 200.0) == Suppressed(BACKGROUND, HOUR)
    assert budget.take(push_to(phone, WAKE), "w", 200.0) == Suppressed(BACKGROUND, HOUR)
    assert budget.take(push_to(phone, REFRESH), "r", HOUR) is None


def test_what_an_iphone_shows_or_rings_is_no_background_push_and_others_are_not_limited() -> None:
    budget, phone = Budget(window=20.0), iphone()
    for at in (0.0, 1.0):
        assert budget.tell(push_to(phone, Kind.CANCEL), at) is None
    assert budget.tell(push_to(phone, Kind.MISSED, alert=SHOWN), 2.0) is None
    assert allowed(budget, phone, MESSAGE, "m", 2.0)
    assert allowed(budget, phone, CALL, "c", 2.0)
    assert all(budget.tell(push_to(PHONE_A, Kind.CANCEL), at) is None for at in (0.0, 1.0, 2.0))


def test_a_background_push_that_did_not_get_through_does_not_count() -> None:
    budget, phone = Budget(window=20.0), iphone()
    for now in range(5):
        assert budget.take(push_to(phone, REFRESH), "r", float(now)) is None
        budget.give_back(phone, REFRESH, "r")


def test_a_notice_that_did_not_get_through_does_not_count_as_one_in_the_background() -> None:
    budget, quiet = Budget(window=20.0), push_to(iphone(), Kind.ELSEWHERE)
    for at in (0.0, 1.0, 2.0):
        assert budget.tell(quiet, at) is None
        budget.untold(quiet, at)
    assert [budget.tell(quiet, at) is None for at in (3.0, 4.0, 5.0)] == [True, True, False]
    shown = push_to(iphone(), Kind.MISSED, alert=SHOWN)
    assert budget.tell(shown, 6.0) is None
    budget.untold(shown, 6.0)
    assert budget.tell(quiet, 6.0) is not None


def test_a_push_that_is_repeated_is_no_further_wake_but_counts_for_the_application() -> None:
    budget = Budget(window=20.0, wakes=1, apps=Rate(most=3))
    push = push_to(PHONE_A)
    assert budget.take(push, "call", 0.0) is None
    assert [budget.again(push, at) for at in (10.0, 20.0)] == [None, None]
    refused = budget.again(push, 30.0)
    assert refused is not None
    assert refused.reason == APP


def test_a_service_that_fails_is_not_asked_to_repeat() -> None:
    budget, push = Budget(window=20.0, apps=Rate(most=1)), push_to(PHONE_A)
    for _ in range(FAILURES):
        budget.circuits.heard(push, Unreachable("down"), 0.0)
    assert budget.again(push, 0.1) == Suppressed(CIRCUIT, CALL_PAUSES[0])
    assert budget.again(push, 1.0) is None, "what was not sent has not counted"


def test_it_goes_by_token() -> None:
    budget = Budget(window=20.0)
    old, new = iphone("old"), iphone("new")
    for at in (0.0, 1.0):
        budget.tell(push_to(old, Kind.CANCEL), at)
    assert budget.tell(push_to(new, Kind.CANCEL), 2.0) is None
    same = target(old.app, remote="remote-of-old")
    assert same.tokens[0][0] is Service.REMOTE
    assert budget.tell(push_to(same, Kind.CANCEL), 2.0) is not None


# ---- who was asked silently


def test_a_phone_that_was_asked_is_not_asked_again_until_it_has_come() -> None:
    budget = Budget(window=20.0)
    assert budget.asked_until(PHONE_A) == 0.0
    allowed(budget, PHONE_A, REFRESH, "r", 0.0)
    budget.ask(PHONE_A, "r", 100.0)
    assert (budget.asked_until(PHONE_A), budget.asked_until(android("b"))) == (100.0, 0.0)
    budget.woke(PHONE_A)
    assert budget.asked_until(PHONE_A) == 0.0


def test_a_phone_that_has_come_before_the_service_has_answered_is_not_waited_for() -> None:
    budget = Budget(window=20.0)
    allowed(budget, PHONE_A, REFRESH, "r", 0.0)
    budget.woke(PHONE_A)
    budget.ask(PHONE_A, "r", 100.0)
    allowed(budget, PHONE_A, REFRESH, "another", 0.1)
    budget.ask(PHONE_A, "r", 100.0)
    assert budget.asked_until(PHONE_A) == 0.0


def test_what_is_over_is_swept_away() -> None:
    budget = Budget(window=20.0)
    allowed(budget, PHONE_A, CALL, "first", 0.0)
    allowed(budget, android("b"), CALL, "second", 5.0)
    allowed(budget, PHONE_A, REFRESH, "r", 20.0)
    allowed(budget, android("c"), REFRESH, "r", 0.0)
    budget.ask(android("c"), "r", 100.0)
    budget.tell(push_to(iphone(), Kind.CANCEL), 0.0)
    budget.sweep(20.0)
    assert not allowed(budget, android("b"), CALL, "third", 20.0)
    assert allowed(budget, PHONE_A, CALL, "third", 20.0)
    budget.sweep(120.0)
    assert len(budget) == 1, "the hour of the iPhone is not over"
    budget.sweep(HOUR)
    assert len(budget) == 0
