"""Claims about the end of a call: what is written down, and what its phones are still owed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from tests.wake.calling import Call, on
from tests.wake.phones import flow, iphone

from ringwake.model.effects import NOTHING, Effects
from ringwake.model.history import Outcome
from ringwake.model.push import Accepted, Kind, Throttled, Unregistered
from ringwake.proxy.forking import DECLINED, ELSEWHERE
from ringwake.wake.call_ending import Ended
from ringwake.wake.plan import Action

OK = Accepted("1")
RING, WAKE = Action.RING, Action.WAKE


class Desk:
    """A call whose end is told by the test."""

    def __init__(self) -> None:
        self.call = Call()
        self.ended: list[Ended] = []
        self.call.call.ending.over = self.over

    def over(self, ended: Ended, now: float) -> Effects:
        assert now == self.call.now
        self.ended.append(ended)
        return NOTHING if ended.notices is None else ended.notices.start(now)

    @property
    def end(self) -> Ended:
        (ended,) = self.ended
        return ended


def answered(call: Call) -> None:
    call.answer("other", 200)


def declined(call: Call) -> None:
    call.answer("other", 603)


def hung_up(call: Call, reason: str = "") -> None:
    call.perform(call.call.cancel(reason, call.now))
    call.answer("other", 487)


def completed_elsewhere(call: Call) -> None:
    hung_up(call, "SIP;cause=200")


def declined_elsewhere(call: Call) -> None:
    hung_up(call, "SIP;cause=603")


def hung_up_for_no_reason_that_counts(call: Call) -> None:
    hung_up(call, "Q.850;cause=16")


@pytest.mark.parametrize(
    ("over", "outcome", "reason", "kind"),
    [
        (answered, Outcome.ANSWERED, ELSEWHERE, Kind.ELSEWHERE),
        (declined, Outcome.DECLINED, DECLINED, Kind.ELSEWHERE),
        (hung_up, Outcome.CANCELLED, "", Kind.MISSED),
        (hung_up_for_no_reason_that_counts, Outcome.CANCELLED, "Q.850;cause=16", Kind.MISSED),
        (completed_elsewhere, Outcome.ANSWERED, ELSEWHERE, Kind.ELSEWHERE),
        (declined_elsewhere, Outcome.DECLINED, DECLINED, Kind.ELSEWHERE),
    ],
)
def test_an_iphone_that_shows_the_call_is_owed_its_end(
    over: Callable[[Call], None], outcome: Outcome, reason: str, kind: Kind
) -> None:
    desk = Desk()
    desk.call.unread = 2
    desk.call.start_with([on(flow(), RING, "other"), on(flow(2), WAKE, "i", push=iphone())])
    desk.call.answer("other", 180)
    desk.call.pushed("i", OK)
    over(desk.call)
    assert [binding.id for binding in desk.end.on_show] == ["i"]
    assert (desk.call.entry.outcome, desk.end.reason) == (outcome, reason)
    assert desk.call.pushed_to(kind) == ["i"]
    badges = [push.notice.alert.badge for _, _, push in desk.call.pushes if push.notice.alert]
    assert badges[-1] == (2 if kind is Kind.MISSED else 0)


def test_only_what_callkit_shows_and_nobody_has_taken_off_is_on_show() -> None:
    desk = Desk()
    phones = ("asleep", "came", "android", "refused", "away")
    targets = [on(flow(n), WAKE, name, push=iphone(name)) for n, name in enumerate(phones) if name != "android"]
    desk.call.start_with([*targets, on(flow(9), WAKE, "android")])
    for name in ("asleep", "came", "android"):
        desk.call.pushed(name, OK)
    desk.call.pushed("refused", Throttled("too many", 90.0))
    desk.call.woken("came", flow(12), push=iphone("came"))
    desk.call.call.left({"asleep", "came", "android", "refused"})
    desk.call.answer("came", 200)
    assert [binding.id for binding in desk.end.on_show] == ["asleep"]
    assert sorted(desk.call.pushed_to(Kind.ELSEWHERE)) == ["android", "asleep"]


def test_a_push_whose_outcome_is_still_to_come_may_have_shown_it() -> None:
    desk = Desk()
    desk.call.start_with([on(flow(), RING, "other"), on(flow(2), WAKE, "i", push=iphone())])
    answered(desk.call)
    assert [binding.id for binding in desk.end.on_show] == ["i"]
    assert desk.call.pushed_to(Kind.ELSEWHERE) == ["i"]


def test_a_missed_call_is_told_also_where_the_push_for_it_did_not_get_through() -> None:
    desk = Desk()
    desk.call.start(a=WAKE, dead=WAKE)
    desk.call.pushed("a", Throttled("too many", 90.0))
    desk.call.pushed("dead", Unregistered("gone"))
    desk.call.run(100.0)
    assert (desk.call.entry.outcome, desk.call.pushed_to(Kind.MISSED)) == (Outcome.NO_WAKE, ["a"])


@pytest.mark.parametrize("status", [0, 486, 603])
def test_who_has_ignored_or_declined_the_call_is_not_shown_its_end(status: int) -> None:
    """Its INVITE is still unanswered: the push was acted upon."""
    desk = Desk()
    call = desk.call
    call.start_with([on(flow(), RING, "other"), on(flow(2), RING, "i", push=iphone())])
    call.answer("other", 180)
    call.run(1.5)
    call.pushed("i", OK)
    if status:
        call.perform(call.call.decline("i", status, call.now))
    else:
        call.call.ignore("i")
    hung_up(call)
    call.run(30.0)
    assert (desk.end.on_show, desk.end.notices) == ((), None)


def test_nobody_is_told_who_was_not_woken() -> None:
    desk = Desk()
    desk.call.start(a=RING)
    desk.call.answer("a", 180)
    answered_by(desk.call, "a")
    assert (desk.end.notices, desk.end.on_show) == (None, ())


def answered_by(call: Call, phone: str) -> None:
    call.answer(phone, 200)


def test_the_list_says_which_phone_has_answered() -> None:
    desk = Desk()
    desk.call.start_with([on(flow(), RING, "a"), on(flow(2), RING, "b", instance="urn:uuid:1")])
    desk.call.answer("b", 200)
    assert desk.call.entry.handset == "urn:uuid:1"
    other = Desk()
    other.call.start(a=RING)
    other.call.answer("a", 486)
    assert other.call.entry.handset == ""


def test_who_has_not_come_to_a_busy_account_is_told_that_it_is_over_and_not_that_it_was_missed() -> None:
    desk = Desk()
    desk.call.start(busy=RING, asleep=WAKE)
    desk.call.pushed("asleep", OK)
    desk.call.call.not_taken = lambda *_: desk.call.call.context.redirect(())
    desk.call.answer("busy", 486)
    desk.call.run(100.0)
    assert (desk.call.entry.outcome, desk.call.pushed_to(Kind.CANCEL)) == (Outcome.FORWARDED, ["asleep"])


def test_where_nobody_listens_for_the_outcome_they_are_told_all_the_same() -> None:
    call = Call()
    call.start(other=RING, a=WAKE)
    answered(call)
    assert call.pushed_to(Kind.ELSEWHERE) == ["a"]
    nobody = Call()
    nobody.start(other=RING)
    answered(nobody)
    assert nobody.pushes == []
