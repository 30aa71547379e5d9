"""Pushes whose phones have not come yet."""

from __future__ import annotations

import pytest
from tests.store.samples import apns, fcm

from ringwake.model.push import (
    Accepted,
    Kind,
    Notice,
    Outcome,
    Push,
    PushTarget,
    Refused,
    Service,
    Throttled,
    Unreachable,
    Unregistered,
)
from ringwake.model.wakes import WAKING, Wake
from ringwake.wake import ledger as module
from ringwake.wake.ledger import Ledger

PHONE = fcm("t")


def push(name: str = "p1", kind: Kind = Kind.CALL, target: PushTarget = PHONE, service: Service = Service.ONLY) -> Push:
    token = target.token(service)
    assert token is not None
    notice = Notice(kind=kind, id=name, account="-")
    return Push(notice=notice, target=target, service=service, token=token, expires_at=99.0)


def test_a_push_is_a_wake_from_when_it_is_sent_until_it_is_counted() -> None:
    ledger = Ledger()
    ledger.sent(push(), 5.0)
    assert ledger.of(PHONE) == (Wake(5.0, Kind.CALL),), "a phone may be quicker than the provider's answer"
    ledger.answered(push(), Accepted())
    assert ledger.of(PHONE) == (Wake(5.0, Kind.CALL),)
    assert ledger.counted(PHONE, 5.0) == [Wake(5.0, Kind.CALL)]
    assert ledger.counted(PHONE, 5.0) == []
    assert (ledger.of(PHONE), len(ledger)) == ((), 0)


@pytest.mark.parametrize("outcome", [Unregistered(), Throttled(), Refused("-", 400), Unreachable("-")])
def test_a_push_that_the_provider_did_not_take_wakes_nobody(outcome: Outcome) -> None:
    ledger = Ledger()
    ledger.sent(push(), 5.0)
    ledger.answered(push(), outcome)
    assert (ledger.of(PHONE), len(ledger)) == ((), 0)


def test_an_answer_that_comes_after_the_phone_changes_nothing() -> None:
    ledger = Ledger()
    ledger.sent(push(), 5.0)
    ledger.counted(PHONE, 5.0)
    for outcome in (Accepted(), Unreachable("-")):
        ledger.answered(push(), outcome)
    assert len(ledger) == 0


def test_a_repeat_is_the_same_wake() -> None:
    ledger = Ledger()
    ledger.sent(push(), 5.0)
    ledger.sent(push(), 6.0)
    assert ledger.of(PHONE) == (Wake(5.0, Kind.CALL),)


def test_a_push_for_a_voice_message_is_a_wake_like_that_of_any_request() -> None:
    ledger = Ledger()
    ledger.sent(push(kind=Kind.VOICEMAIL), 5.0)
    assert ledger.of(PHONE) == (Wake(5.0, Kind.WAKE),)


@pytest.mark.parametrize("kind", sorted(set(Kind) - {*WAKING, Kind.VOICEMAIL}))
def test_what_tells_an_end_is_no_wake(kind: Kind) -> None:
    ledger = Ledger()
    ledger.sent(push(kind=kind), 5.0)
    assert (ledger.of(PHONE), len(ledger)) == ((), 0)


def test_both_tokens_of_an_iphone_are_one_phone() -> None:
    phone, ledger = apns(voip="v", remote="r"), Ledger()
    ledger.sent(push("late", Kind.CALL, phone, Service.VOIP), 7.0)
    ledger.sent(push("early", Kind.MESSAGE, phone, Service.REMOTE), 6.0)
    assert ledger.of(phone) == (Wake(6.0, Kind.MESSAGE), Wake(7.0, Kind.CALL))
    assert ledger.of(fcm("other")) == ()
    assert ledger.counted(phone, 6.5) == [Wake(6.0, Kind.MESSAGE)]
    assert ledger.of(phone) == (Wake(7.0, Kind.CALL),)


def test_a_phone_that_never_comes_keeps_its_last_wakes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAKES", 2)
    ledger = Ledger()
    for number in range(4):
        ledger.sent(push(f"p{number}"), float(number))
    assert [wake.at for wake in ledger.of(PHONE)] == [2.0, 3.0]


def test_of_too_many_phones_the_one_that_was_pushed_to_longest_ago_is_forgotten(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_TOKENS", 2)
    ledger, phones = Ledger(), [fcm(name) for name in "abc"]
    for at, phone in enumerate([phones[0], phones[1], phones[0], phones[2]]):
        ledger.sent(push(f"p{at}", target=phone), float(at))
    assert [len(ledger.of(phone)) for phone in phones] == [2, 0, 1]
    assert len(ledger) == 2
