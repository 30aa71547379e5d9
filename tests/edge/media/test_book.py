"""The relayed calls of a process: bounded in number, and found by Call-ID and branch."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import TCP, request

from ringwake.edge.media import book as module
from ringwake.edge.media.book import Book
from ringwake.edge.media.call import Leg
from ringwake.edge.media.rules import MediaRules
from ringwake.sip.message import Request


def new_book(*, relays: bool = True) -> Book:
    return Book(MediaRules(relays=lambda *_: relays, is_pbx=lambda _: False, trace=lambda _: ""))


def named(call_id: str, method: str = "INVITE", *, branch: str = "z9hG4bK-1", to_tag: str = "") -> Request:
    made = request(method, branch=branch, to_tag=to_tag)
    made.headers.set("call-id", call_id)
    return made


def keep(book: Book, asked: Request) -> Leg:
    call = book.find(asked, TCP)
    assert call is not None
    leg, _ = call.sent(asked, None)
    assert leg is not None
    book.keep(leg, call)
    return leg


def test_only_what_belongs_to_sessions_begins_a_call() -> None:
    book = new_book()
    assert book.find(named("1", "MESSAGE"), TCP) is None
    call = book.find(named("1"), TCP)
    assert call is not None
    assert book.find(named("1", "INFO"), TCP) is call
    assert book.get("1") is call


def test_a_call_that_is_not_relayed_is_not_remembered() -> None:
    book = new_book(relays=False)
    assert book.find(named("1"), TCP) is None
    assert len(book) == 0


def test_the_call_that_was_touched_last_stays_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_CALLS", 2)
    book = new_book()
    first = keep(book, named("1", branch="z9hG4bK-1"))
    second = keep(book, named("2", branch="z9hG4bK-2"))
    book.find(named("1"), TCP)
    book.find(named("3"), TCP)
    assert [book.get(name) is not None for name in "123"] == [True, False, True]
    assert book.leg(first.branch, "INVITE") is not None
    assert book.leg(second.branch, "INVITE") is None


def test_a_cancel_is_not_taken_for_the_invite_whose_branch_it_has() -> None:
    book = new_book()
    leg = keep(book, named("1"))
    assert book.leg(leg.branch, "CANCEL") is None
    assert book.held(leg.branch) is leg
    leg.is_held = False
    assert book.held(leg.branch) is None


def test_a_branch_that_was_taken_over_is_not_dropped_with_the_old_request() -> None:
    book = new_book()
    old = keep(book, named("1"))
    new = keep(book, named("1"))
    call = book.get("1")
    assert call is not None
    assert not book.drop(call, old)
    assert book.held(new.branch) is new
    assert book.drop(call, new)
    assert book.held(new.branch) is None


def test_what_is_left_of_a_forgotten_call_is_not_dropped_twice() -> None:
    book = new_book()
    leg = keep(book, named("1"))
    call = book.get("1")
    assert call is not None
    book.forget(call)
    book.forget(call)
    assert not book.drop(call, leg)


def test_of_a_call_with_very_many_requests_the_oldest_inside_the_dialog_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MAX_LEGS", 2)
    book = new_book()
    first = keep(book, named("1"))
    legs = [keep(book, named("1", "UPDATE", branch=f"z9hG4bK-u{n}", to_tag="b")) for n in range(2)]
    assert book.leg(first.branch, "INVITE") is not None
    assert [book.leg(leg.branch, "UPDATE") is not None for leg in legs] == [False, True]
