"""Claims about the pushes of one call: who is woken, what counts, and who is told of the end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.sip_messages import request
from tests.wake.phones import (
    ANDROID_APP,
    IPHONE_APP,
    SEAL,
    WALL,
    account,
    android,
    app,
    binding,
    iphone,
    push_to,
    target,
    voip_only,
    wall,
)

from ringwake.model.binding import Binding
from ringwake.model.effects import Effects, Note, Persist, SendPush
from ringwake.model.events import Event, Happened
from ringwake.model.push import (
    Accepted,
    Kind,
    Outcome,
    Push,
    PushTarget,
    Refused,
    Service,
    Throttled,
    Unreachable,
    Unregistered,
)
from ringwake.model.settings import AlertStyle, Notifications, Settings
from ringwake.model.token_ops import ForgetToken
from ringwake.wake.announcement import announcement
from ringwake.wake.budget import Budget
from ringwake.wake.call_pushes import CallPushes, Errand
from ringwake.wake.delivery import Delivery, Stage
from ringwake.wake.means import Means, Timing
from ringwake.wake.token_guard import Word
from ringwake.wake.wait import Wait

WAKE = 20.0


class Desk:
    """The pushes of a call, and a budget that other calls share."""

    def __init__(
        self,
        *,
        kind: Kind = Kind.CALL,
        call_repeat: float = 10.0,
        notifications: Notifications | None = None,
        has_app: bool = True,
    ) -> None:
        invite = request("INVITE", "Contact: <sip:boss@198.51.100.7>")
        self.budget = Budget(window=WAKE)
        errand = Errand(id="c1", trace="t", kind=kind, wake_until=WALL + WAKE)
        self.means = Means(timing=Timing(wake=WAKE), budget=self.budget, wall=wall, jitter=lambda: 0.5)
        owner = account()
        if notifications is not None:
            owner = replace(owner, settings=Settings(notifications=notifications))
        known = replace(app(), call_repeat=call_repeat) if has_app else None
        words = announcement(invite, owner, seal=SEAL, find_app=lambda _: known)
        self.pushes = CallPushes(errand, words, means=self.means)


def wait_for(phone: Binding) -> Wait:
    return Wait(phone, Delivery(now=0.0, until=WAKE, jitter=0.5))


def sent(effects: Effects) -> list[tuple[Push, str, str]]:
    return [(effect.push, effect.owner, effect.binding) for effect in effects if isinstance(effect, SendPush)]


def noted(effects: Effects) -> list[Event]:
    return [effect.event for effect in effects if isinstance(effect, Note)]


def test_a_phone_is_woken_by_the_name_that_all_its_flows_have() -> None:
    wait = wait_for(binding("b", first="a", push=iphone()))
    effects = Desk().pushes.wake(wait, 1.0)
    ((push, owner, device),) = sent(effects)
    assert (push.notice.kind, push.service, push.notice.seq, push.expires_at) == (
        Kind.CALL,
        Service.VOIP,
        0,
        WALL + WAKE,
    )
    assert (owner, device) == ("c1", "a")
    assert (wait.pushed_to, wait.is_in_flight) == (wait.binding, True)
    (event,) = noted(effects)
    assert (event.what, event.fields["device"], event.fields["attempt"]) == (Happened.PUSH_SENT, "b", 1)


@pytest.mark.parametrize("push", [None, PushTarget(app=android().app, tokens=())])
def test_a_phone_without_a_token_is_not_woken(push: PushTarget | None) -> None:
    wait = wait_for(binding(push=push))
    assert Desk().pushes.wake(wait, 1.0) == ()
    assert wait.delivery is not None
    assert wait.delivery.next_at is None


def test_what_another_call_has_sent_is_waited_for_and_said_once() -> None:
    desk, wait = Desk(), wait_for(binding())
    assert wait.binding.push is not None
    assert desk.budget.take(push_to(wait.binding.push), "another", 0.0) is None
    told = [desk.pushes.wake(wait, at) for at in (1.0, 1.5)]
    assert [[event.what for event in noted(effects)] for effects in told] == [[Happened.PUSH_SUPPRESSED], []]
    assert wait.pushed_to is None


def test_a_push_that_did_not_get_through_is_given_back() -> None:
    desk, wait = Desk(), wait_for(binding())
    target = wait.binding.push
    assert target is not None
    desk.pushes.wake(wait, 0.0)
    (accepted,) = noted(desk.pushes.outcome(wait, Accepted("7"), 1.0))
    assert (accepted.what, accepted.fields) == (Happened.PUSH_ACCEPTED, {"device": "a", "id": "7"})
    assert desk.budget.take(push_to(target), "another", 1.0) is not None
    (failed,) = noted(desk.pushes.outcome(wait, Unreachable("down"), 1.0))
    fields = {"device": "a", "outcome": "unreachable", "reason": "down"}
    assert (failed.what, failed.fields) == (Happened.PUSH_FAILED, fields)
    assert desk.budget.take(push_to(target), "another", 1.0) is None


def test_a_push_that_was_taken_counts_for_the_guard() -> None:
    # Of 21 tokens in an hour it keeps the last one, unless hundreds of pushes were taken beside them.
    desk, wait = Desk(), wait_for(binding())
    desk.pushes.wake(wait, 0.0)
    for _ in range(400):
        desk.pushes.outcome(wait, Accepted("7"), 0.0)
    words = [desk.means.guard.judge(ANDROID_APP, f"d{number}", 60.0 * number) for number in range(21)]
    assert set(words) == {Word.FORGET}


def test_a_token_that_the_provider_calls_dead_is_forgotten_with_its_outcome() -> None:
    desk, wait = Desk(), wait_for(binding())
    desk.pushes.wake(wait, 0.0)
    effects = desk.pushes.outcome(wait, Unregistered("gone"), 1.0)
    assert [event.fields["outcome"] for event in noted(effects)] == ["unregistered"]
    assert [type(effect.op) for effect in effects if isinstance(effect, Persist)] == [ForgetToken]
    assert (wait.is_in_flight, wait.delivery is not None and wait.delivery.stage) == (False, Stage.DEAD)


ENDS = (Kind.MISSED, Kind.ELSEWHERE, Kind.CANCEL)


def owed(desk: Desk, wait: Wait) -> list[Kind]:
    return [kind for kind in ENDS if desk.pushes.is_owed(wait, kind)]


def test_who_was_pushed_to_and_has_not_come_is_told_the_end() -> None:
    desk, wait = Desk(), wait_for(binding("b", first="a"))
    assert owed(desk, wait) == [], "it was not pushed to"
    assert desk.pushes.seq == 0
    desk.pushes.wake(wait, 0.0)
    assert (owed(desk, wait), desk.pushes.seq) == ([*ENDS], 1)
    wait.has_come = True
    assert owed(desk, wait) == []


@pytest.mark.parametrize(
    ("outcome", "kinds"),
    [
        (Accepted("1"), [*ENDS]),
        (Unreachable("no answer"), [*ENDS]),
        (Throttled("slow"), [Kind.MISSED]),
        (Refused("bad", 400), [Kind.MISSED]),
        (Unregistered("gone"), []),
    ],
)
def test_what_cannot_have_been_heard_need_not_be_stopped(outcome: Outcome, kinds: list[Kind]) -> None:
    desk, wait = Desk(), wait_for(binding())
    desk.pushes.wake(wait, 0.0)
    desk.pushes.outcome(wait, outcome, 1.0)
    assert owed(desk, wait) == kinds


@pytest.mark.parametrize("push", [None, voip_only()])
def test_who_can_be_told_nothing_is_told_nothing(push: PushTarget | None) -> None:
    desk, wait = Desk(), wait_for(binding(push=voip_only()))
    desk.pushes.wake(wait, 0.0)
    wait.binding = binding(push=push)
    assert owed(desk, wait) == []


def test_only_a_voip_push_that_may_have_come_shows_a_call() -> None:
    desk = Desk()
    waits = [wait_for(binding(name, push=push)) for name, push in (("i", iphone()), ("r", ALERTED), ("a", android()))]
    assert not any(desk.pushes.is_on_show(wait) for wait in waits), "nobody was pushed to"
    for wait in waits:
        desk.pushes.wake(wait, 0.0)
    assert [desk.pushes.is_on_show(wait) for wait in waits] == [True, False, False]
    desk.pushes.outcome(waits[0], Throttled("slow"), 1.0)
    assert not desk.pushes.is_on_show(waits[0])
    desk.pushes.wake(waits[0], 2.0)
    desk.pushes.outcome(waits[0], Accepted("1"), 2.1)
    assert desk.pushes.is_on_show(waits[0])
    waits[0].binding = binding("i", push=None)
    assert not desk.pushes.is_on_show(waits[0]), "it has logged out"


ALERTED = target(IPHONE_APP, remote="remote-of-r")
"""An iPhone whose app has no CallKit."""


def rung(desk: Desk, phone: Binding, until: float = WAKE) -> list[float]:
    """Let the provider take each push to a phone at once; return when they went out."""
    wait, now, at = wait_for(phone), 0.0, []
    assert wait.delivery is not None
    while (due := wait.delivery.next_at) is not None and due < until:
        now = max(now, due)
        if sent(desk.pushes.wake(wait, now)):
            at.append(now)
            desk.pushes.outcome(wait, Accepted("1"), now)
    return at


@pytest.mark.parametrize(
    ("push", "rings"),
    [(ALERTED, [0.0, 6.0, 12.0, 18.0]), (iphone(), [0.0]), (voip_only(), [0.0]), (android(), [0.0])],
)
def test_only_an_iphone_without_callkit_is_rung_again_and_again(push: PushTarget, rings: list[float]) -> None:
    assert rung(Desk(call_repeat=6.0), binding(push=push)) == rings


def test_where_it_is_not_wanted_or_there_is_nothing_to_hear_it_is_not() -> None:
    assert rung(Desk(call_repeat=0.0), binding(push=ALERTED)) == [0.0]
    silent = Notifications(style=AlertStyle.NONE, sound=False, badge=False)
    assert rung(Desk(notifications=silent), binding(push=ALERTED)) == [0.0]
    assert rung(Desk(kind=Kind.WAKE), binding(push=ALERTED)) == [0.0]
    assert rung(Desk(has_app=False), binding(push=ALERTED)) == [0.0]


def test_what_rings_again_is_the_same_wake_and_the_same_push() -> None:
    desk, wait = Desk(call_repeat=1.0), wait_for(binding(push=ALERTED))
    pushes = []
    for now in (0.0, 1.0, 2.0, 3.0, 4.0, 5.0):
        ((push, _, _),) = sent(desk.pushes.wake(wait, now))
        desk.pushes.outcome(wait, Accepted("1"), now)
        pushes.append(push)
    assert {push.notice.id for push in pushes} == {pushes[0].notice.id}
    assert [push.notice.seq for push in pushes] == [0, 1, 2, 3, 4, 5]
    desk.budget.woke(ALERTED)
    assert desk.budget.take(push_to(ALERTED), "next", 6.0) is None, "six rings, and one wake of the four"


def test_a_repeat_that_is_lost_leaves_the_wake_counted_and_is_tried_again() -> None:
    desk, wait = Desk(call_repeat=5.0), wait_for(binding(push=ALERTED))
    desk.pushes.wake(wait, 0.0)
    desk.pushes.outcome(wait, Accepted("1"), 0.0)
    desk.pushes.wake(wait, 5.0)
    desk.pushes.outcome(wait, Unreachable("down"), 5.1)
    assert desk.budget.take(push_to(ALERTED), "another", 5.2) is not None, "it is still waited for"
    assert wait.delivery is not None
    assert wait.delivery.next_at is not None
    assert len(sent(desk.pushes.wake(wait, wait.delivery.next_at))) == 1


def test_a_phone_that_comes_is_rung_no_more() -> None:
    desk, wait = Desk(), wait_for(binding(push=ALERTED))
    desk.pushes.wake(wait, 0.0)
    wait.stop_pushing()
    desk.pushes.outcome(wait, Accepted("1"), 0.1)
    assert list(wait.timers()) == []


def called(name: str, means: Means) -> CallPushes:
    """Return the pushes of another call by the same caller."""
    words = announcement(request("INVITE"), account(), seal=SEAL, find_app=lambda _: app())
    return CallPushes(Errand(id=name, trace="t", kind=Kind.CALL, wake_until=WALL + WAKE), words, means=means)


def test_a_phone_that_was_woken_too_often_is_not_pushed_to_and_the_timeline_says_why() -> None:
    means = Desk().means
    told = []
    for number in range(5):
        pushes = called(f"c{number}", means)
        told.append(noted(pushes.wake(wait_for(binding()), float(number)))[0])
        means.budget.woke(android("a"))
    assert [event.what for event in told] == [*[Happened.PUSH_SENT] * 4, Happened.PUSH_SUPPRESSED]
    assert told[-1].fields == {"device": "a", "reason": "phone_limit"}


def test_a_call_counts_once_for_its_caller_and_not_when_it_was_answered() -> None:
    means = Desk().means
    calls = [called(f"c{number}", means) for number in range(3)]
    for number, pushes in enumerate(calls):
        pushes.ask(float(number))
        wait = wait_for(binding())
        assert sent(pushes.wake(wait, float(number))) != []
        pushes.outcome(wait, Accepted("1"), float(number))
        means.budget.woke(android("a"))
    key = announcement(request("INVITE"), account(), seal=SEAL, find_app=lambda _: app()).caller.key
    assert means.callers.refusal(key, account().aor, 3.0) is not None
    calls[-1].answered()
    assert means.callers.refusal(key, account().aor, 3.0) is None
    assert [sent(called(f"d{n}", means).wake(wait_for(binding()), 3.0)) != [] for n in range(2)] == [True, False]
    called("unasked", means).answered()
