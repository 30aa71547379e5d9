"""Claims about telling phones by push that a call is over: whom, how often, and until when."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.sip_messages import request
from tests.wake.phones import SEAL, WALL, account, app, binding, iphone, push_to, voip_only, wall

from ringwake.model.binding import Binding
from ringwake.model.effects import Effects, Note, SendPush
from ringwake.model.events import Event, Happened
from ringwake.model.push import Accepted, Kind, Outcome, Push, Refused, Throttled, Unreachable
from ringwake.wake.announcement import announcement
from ringwake.wake.breaker import FAILURES
from ringwake.wake.budget import BACKGROUND, CIRCUIT, Budget
from ringwake.wake.call_end import NOTICE_SECONDS
from ringwake.wake.delivery import PATIENCE, PAUSES
from ringwake.wake.end_notices import MISSED_SECONDS, STOP_SECONDS, EndNotices, Notice
from ringwake.wake.means import Means, Timing

OK, DOWN = Accepted("1"), Unreachable("down")


class Desk:
    """The notices of a call, and time."""

    def __init__(self, *phones: Binding, kind: Kind = Kind.MISSED, unread: int = 3) -> None:
        self.means = Means(timing=Timing(), budget=Budget(window=20.0), wall=wall, jitter=lambda: 0.5)
        words = announcement(request("INVITE"), account(), seal=SEAL, find_app=lambda _: app())
        notice = Notice(kind=kind, words=replace(words, unread=unread, subject="c1"), trace="t", seq=4)
        self.notices = EndNotices(notice, phones, means=self.means)
        self.now = 100.0
        self.sent: list[tuple[float, str, Push]] = []
        self.noted: list[Event] = []

    def start(self) -> None:
        self.perform(self.notices.start(self.now))

    def answer(self, phone: str, outcome: Outcome) -> None:
        self.perform(self.notices.pushed(phone, outcome, self.now))

    def run(self, until: float, outcome: Outcome | None = None) -> None:
        """Let time pass; the provider answers each push at once, if it does."""
        while (at := self.notices.get_timer()) is not None and at <= until:
            self.now = max(self.now, at)
            before = len(self.sent)
            self.perform(self.notices.handle_timer(self.now))
            for _, phone, _ in self.sent[before:]:
                if outcome is not None:
                    self.answer(phone, outcome)
            due = self.notices.get_timer()
            assert due is None or due > self.now, "what was due is done"
        self.now = until

    def perform(self, effects: Effects) -> None:
        for effect in effects:
            if isinstance(effect, SendPush):
                assert effect.owner == self.notices.id
                self.sent.append((self.now, effect.binding, effect.push))
            elif isinstance(effect, Note):
                self.noted.append(effect.event)

    @property
    def told(self) -> list[str]:
        return [phone for _, phone, _ in self.sent]

    def noted_as(self, what: Happened) -> list[Event]:
        return [event for event in self.noted if event.what is what]


def test_each_phone_is_told_once_with_the_badge_and_the_next_number() -> None:
    desk = Desk(binding("a"), binding("b", push=iphone()))
    desk.start()
    assert desk.told == ["a", "b"]
    pushes = [push for _, _, push in desk.sent]
    assert {(push.notice.kind, push.notice.seq) for push in pushes} == {(Kind.MISSED, 4)}
    assert {push.notice.alert.badge for push in pushes if push.notice.alert} == {3}
    assert {push.expires_at for push in pushes} == {WALL + 100.0 + NOTICE_SECONDS}
    assert {push.timeout for push in pushes} == {PATIENCE[0]}
    assert [event.fields["kind"] for event in desk.noted_as(Happened.PUSH_SENT)] == ["missed", "missed"]
    assert not desk.notices.is_settled, "the provider has not answered"
    desk.answer("a", OK)
    desk.answer("b", OK)
    desk.run(9999.0)
    assert (desk.told, desk.notices.is_settled) == (["a", "b"], True)
    assert len(desk.noted_as(Happened.PUSH_ACCEPTED)) == 2


def test_a_notice_that_was_lost_is_sent_again_under_the_same_name() -> None:
    desk = Desk(binding("a"))
    desk.start()
    desk.answer("a", DOWN)
    assert desk.notices.get_timer() == pytest.approx(100.0 + PAUSES[0])
    desk.run(101.0, OK)
    assert (desk.told, desk.notices.is_settled) == (["a", "a"], True)
    assert len({push.notice.id for _, _, push in desk.sent}) == 1
    assert [event.fields["outcome"] for event in desk.noted_as(Happened.PUSH_FAILED)] == ["unreachable"]


@pytest.mark.parametrize(
    ("kind", "seconds"), [(Kind.MISSED, MISSED_SECONDS), (Kind.ELSEWHERE, STOP_SECONDS), (Kind.CANCEL, STOP_SECONDS)]
)
def test_it_is_tried_for_as_long_as_it_is_of_use(kind: Kind, seconds: float) -> None:
    desk = Desk(binding("a"), kind=kind)
    desk.start()
    desk.answer("a", Throttled("slow down"))
    desk.run(9999.0, Throttled("slow down"))
    last = desk.sent[-1][0]
    assert seconds - 5.0 < last - 100.0 <= seconds
    assert desk.notices.is_settled


def test_what_will_never_be_taken_is_not_tried_again() -> None:
    desk = Desk(binding("a"))
    desk.start()
    desk.answer("a", Refused("PayloadTooLarge", 413))
    desk.run(9999.0)
    assert (desk.told, desk.notices.is_settled) == (["a"], True)


def test_while_the_service_fails_it_waits_and_says_so_once() -> None:
    desk = Desk(binding("a"))
    assert desk.notices.id == "end c1"
    target = binding("a").push
    assert target is not None
    for _ in range(FAILURES):
        desk.means.budget.circuits.heard(push_to(target), DOWN, desk.now)
    desk.start()
    assert desk.told == []
    (event,) = desk.noted_as(Happened.PUSH_SUPPRESSED)
    assert event.fields == {"kind": "missed", "device": "a", "reason": CIRCUIT}
    desk.run(110.0, DOWN)
    assert desk.told != []
    desk.run(170.0, OK)
    assert desk.notices.is_settled
    assert len(desk.noted_as(Happened.PUSH_SUPPRESSED)) == 1


def test_in_silence_an_iphone_is_told_as_often_as_ios_allows() -> None:
    desk = Desk(binding("a", push=iphone()), kind=Kind.ELSEWHERE)
    quiet = push_to(iphone(), Kind.ELSEWHERE)
    assert [desk.means.budget.tell(quiet, at) for at in (98.0, 99.0)] == [None, None]
    desk.start()
    assert (desk.told, desk.notices.is_settled) == ([], True), "it will be free in an hour, and that is too late"
    assert [event.fields["reason"] for event in desk.noted_as(Happened.PUSH_SUPPRESSED)] == [BACKGROUND]


def test_one_that_did_not_get_through_uses_up_nothing_of_that() -> None:
    desk = Desk(binding("a", push=iphone()), kind=Kind.ELSEWHERE)
    desk.start()
    desk.answer("a", DOWN)
    desk.run(102.0, DOWN)
    assert len(desk.told) > 2


def test_who_logs_out_meanwhile_is_told_nothing() -> None:
    desk = Desk(binding("a"), binding("b"))
    desk.start()
    desk.answer("a", DOWN)
    desk.answer("b", DOWN)
    desk.notices.left({"b"})
    desk.run(120.0, OK)
    assert desk.told == ["a", "b", "b"]


def test_a_phone_that_no_push_of_this_kind_reaches_is_left_alone() -> None:
    desk = Desk(binding("a", push=voip_only()))
    desk.start()
    assert (desk.told, desk.notices.is_settled) == ([], True)


def test_an_outcome_that_nobody_waits_for_changes_nothing() -> None:
    desk = Desk(binding("a"))
    for phone in ("a", "b"):
        desk.answer(phone, OK)
    desk.start()
    desk.answer("a", OK)
    desk.answer("a", DOWN)
    assert (desk.told, desk.notices.is_settled) == (["a"], True)
