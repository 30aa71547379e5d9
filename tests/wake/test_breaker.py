"""Claims about circuits: a service that fails is left alone, and is noticed as soon as it is back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.wake.phones import ANDROID_APP, BROWSER_APP, android, iphone, push_to, target

from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Throttled, Unreachable, Unregistered
from ringwake.wake.breaker import (
    CALL_PATIENCE,
    CALL_PAUSES,
    CALL_PROBES,
    FAILURES,
    LONGEST,
    MOST,
    PATIENCE,
    PAUSES,
    Change,
    Circuits,
    State,
)
from ringwake.wake.unsent import REPLACED, UNKNOWN_APP, in_line

DOWN = Unreachable("connection refused")
OK = Accepted("1")


def call(phone: str = "a") -> Push:
    push = push_to(android(phone))
    return replace(push, notice=replace(push.notice, id="c"))


def refresh(phone: str = "r") -> Push:
    push = push_to(android(phone), Kind.REFRESH)
    return replace(push, notice=replace(push.notice, id="r"))


def fail(circuits: Circuits, times: int = FAILURES, outcome: Outcome = DOWN, now: float = 0.0) -> list[Change | None]:
    """Let pushes to as many phones fail."""
    return [circuits.heard(call(str(number)), outcome, now) for number in range(times)]


def state(circuits: Circuits, now: float) -> State:
    ((app, found),) = circuits.states(now)
    assert app == ANDROID_APP
    return found


def probe(circuits: Circuits, push: Push, outcome: Outcome, now: float) -> Change | None:
    """Send a push that may go, and hear what came of it."""
    assert circuits.free_at(push, now) == now
    circuits.sent(push, now)
    return circuits.heard(push, outcome, now)


def test_the_circuit_opens_after_five_failures() -> None:
    circuits = Circuits()
    assert fail(circuits) == [None] * 4 + [Change.OPENED]
    assert (circuits.free_at(call(), 0.0), circuits.free_at(refresh(), 0.0)) == (CALL_PAUSES[0], PAUSES[0])
    assert (state(circuits, 0.0), state(circuits, CALL_PAUSES[0])) == (State.OPEN, State.HALF_OPEN)


def test_a_few_failures_hold_nobody_back() -> None:
    circuits = Circuits()
    fail(circuits, FAILURES - 1)
    assert circuits.free_at(call(), 0.0) == 0.0
    circuits.sent(call(), 0.0)
    assert circuits.free_at(call("another"), 0.0) == 0.0


def test_one_that_works_takes_no_room() -> None:
    circuits = Circuits()
    assert circuits.heard(call(), OK, 0.0) is None
    circuits.sent(call(), 0.0)
    assert (circuits.free_at(call(), 0.0), len(circuits)) == (0.0, 0)


@pytest.mark.parametrize(
    "answer", [OK, Unregistered("x"), Refused("BadMessageId", 400), Refused("PayloadTooLarge", 413)]
)
def test_an_answer_about_a_push_closes_it(answer: Outcome) -> None:
    circuits = Circuits()
    fail(circuits, FAILURES - 1)
    assert state(circuits, 0.0) is State.CLOSED
    assert circuits.heard(call(), answer, 0.0) is None
    assert fail(circuits, FAILURES - 1) == [None] * 4, "only failures in a row count"
    fail(circuits)
    assert circuits.heard(call(), answer, 0.5) is Change.CLOSED, "of one that was under way"
    assert (circuits.free_at(call(), 0.5), len(circuits)) == (0.5, 0)


@pytest.mark.parametrize("no", [Throttled("TooManyRequests"), Refused("SENDER_ID_MISMATCH", 403), Refused("x", 401)])
def test_what_a_service_says_of_one_phone_does_not_stop_the_others(no: Outcome) -> None:
    """Or a flood of calls to one phone, which Apple answers with 429, would silence all."""
    circuits = Circuits()
    for _ in range(100):
        assert circuits.heard(call("flooded"), no, 0.0) is None
    assert fail(circuits, FAILURES - 1, no)[-1] is Change.OPENED, "but what it says of five does"


@pytest.mark.parametrize("ours", [in_line(REPLACED), Refused(UNKNOWN_APP, 403), Unreachable("fault: ValueError")])
def test_our_own_troubles_are_not_the_services(ours: Outcome) -> None:
    circuits = Circuits()
    assert fail(circuits, 100, ours) == [None] * 100
    assert len(circuits) == 0
    fail(circuits)
    assert probe(circuits, call(), ours, 1.0) is None
    assert circuits.free_at(call("next"), 1.0) == 1.0, "another may see how it is"


@pytest.mark.parametrize(("push", "growing"), [(refresh(), PAUSES), (call(), CALL_PAUSES)])
def test_the_pauses_grow_while_it_fails(push: Push, growing: tuple[float, ...]) -> None:
    circuits, now, pauses = Circuits(), 0.0, []
    fail(circuits)
    for _ in range(len(growing) + 2):
        free_at = circuits.free_at(push, now)
        pauses.append(free_at - now)
        now = free_at
        assert probe(circuits, push, DOWN, now) is None
    assert pauses == pytest.approx([*growing, growing[-1], growing[-1]])


def test_one_push_goes_to_see_and_the_others_wait_for_it() -> None:
    circuits = Circuits()
    fail(circuits)
    assert circuits.free_at(refresh("first"), 1.0) == 1.0
    circuits.sent(refresh("first"), 1.0)
    assert circuits.free_at(refresh("second"), 1.2) == 1.0 + PATIENCE
    assert circuits.heard(refresh("first"), OK, 1.6) is Change.CLOSED
    assert circuits.free_at(refresh("second"), 1.6) == 1.6


def test_a_few_calls_go_to_see_at_once() -> None:
    circuits = Circuits()
    fail(circuits)
    for number in range(CALL_PROBES):
        assert circuits.free_at(call(f"goes {number}"), 1.0 + number / 100) == 1.0 + number / 100
        circuits.sent(call(f"goes {number}"), 1.0 + number / 100)
    assert circuits.free_at(call("waits"), 1.2) == 1.0 + CALL_PATIENCE
    assert circuits.free_at(refresh("waits"), 1.2) == 1.0 + PATIENCE
    assert circuits.heard(call("goes 1"), OK, 1.3) is Change.CLOSED
    assert circuits.free_at(call("waits"), 1.3) == 1.3


def test_those_that_went_together_make_the_next_pause_longer_once() -> None:
    circuits = Circuits()
    fail(circuits)
    for number in range(CALL_PROBES):
        circuits.sent(call(f"goes {number}"), 1.0)
    for number in range(CALL_PROBES):
        circuits.heard(call(f"goes {number}"), DOWN, 1.1)
    assert circuits.free_at(call("next"), 1.1) == 1.1 + CALL_PAUSES[1]


def test_who_does_not_answer_is_asked_again_after_a_while() -> None:
    circuits = Circuits()
    fail(circuits)
    for number in range(CALL_PROBES):
        circuits.sent(call(f"hangs {number}"), 1.0)
    assert circuits.free_at(call("next"), 1.0 + CALL_PATIENCE) == 1.0 + CALL_PATIENCE
    assert circuits.free_at(refresh(), 1.0 + PATIENCE) == 1.0 + PATIENCE
    circuits.sent(call("next"), 1.0 + PATIENCE)
    assert circuits.free_at(call("last"), 1.0 + PATIENCE) == 1.0 + PATIENCE, "those that hang are forgotten"


def test_a_call_does_not_wait_for_a_refresh_that_went_to_see() -> None:
    circuits = Circuits()
    fail(circuits)
    circuits.sent(refresh(), 1.0)
    assert circuits.free_at(refresh("other"), 1.5) == 1.0 + PATIENCE
    assert circuits.free_at(call(), 1.5) == 1.5
    circuits.sent(call(), 1.5)
    assert circuits.heard(refresh(), DOWN, 1.7) is None
    assert circuits.heard(call(), OK, 1.8) is Change.CLOSED


def test_what_was_under_way_when_it_opened_makes_no_pause_longer() -> None:
    circuits = Circuits()
    fail(circuits, 500)
    assert circuits.free_at(refresh(), 0.0) == PAUSES[0]


@pytest.mark.parametrize(
    ("asked", "calls", "others"),
    [
        (3.0, 3.0, 3.0),
        (3600.0, LONGEST, LONGEST),
        (0.5, 0.5, PAUSES[0]),
        (0.0, CALL_PAUSES[0], PAUSES[0]),
        (None, CALL_PAUSES[0], PAUSES[0]),
    ],
)
def test_the_services_own_pause_is_kept_for_calls_too(asked: float | None, calls: float, others: float) -> None:
    circuits = Circuits()
    fail(circuits, outcome=Throttled("HTTP 503", asked))
    assert (circuits.free_at(call(), 0.0), circuits.free_at(refresh(), 0.0)) == (calls, others)


def test_services_fail_apart() -> None:
    circuits = Circuits()
    fail(circuits)
    assert circuits.free_at(push_to(iphone()), 0.0) == 0.0
    circuits.heard(push_to(iphone()), OK, 0.0)
    assert len(circuits) == 1


def test_browsers_of_one_maker_do_not_stop_those_of_another() -> None:
    circuits = Circuits()
    firefox = push_to(target(BROWSER_APP, only="https://updates.push.services.mozilla.com/x"))
    chrome = push_to(target(BROWSER_APP, only="https://fcm.googleapis.com/fcm/send/x"))
    for _ in range(FAILURES):
        circuits.heard(firefox, DOWN, 0.0)
    assert (circuits.free_at(firefox, 0.0), circuits.free_at(chrome, 0.0)) == (CALL_PAUSES[0], 0.0)


def test_those_that_nobody_asks_are_forgotten() -> None:
    circuits = Circuits()
    fail(circuits, outcome=Throttled("HTTP 503", 3600.0), now=10.0)
    circuits.sweep(9.0 + LONGEST)
    assert len(circuits) == 1
    circuits.sweep(10.0 + LONGEST)
    assert len(circuits) == 0


def test_there_are_no_more_of_them_than_so_many() -> None:
    """A stranger chooses the address of a browser's service."""
    circuits = Circuits()
    for number in range(MOST + 10):
        circuits.heard(push_to(target(BROWSER_APP, only=f"https://{number}.notify.windows.com/")), DOWN, 0.0)
    assert len(circuits) == MOST
