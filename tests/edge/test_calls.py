"""Owners by all the names under which events ask for them."""

from __future__ import annotations

from tests.support.sip_messages import TCP, answer, request

from ringwake.edge.calls import Calls
from ringwake.model.effects import NOTHING, Effects, Forward, Note
from ringwake.model.events import Event, Happened
from ringwake.model.push import Accepted, Outcome
from ringwake.sip.message import Response
from ringwake.sip.methods import INVITE
from ringwake.sip.timers import TIMEOUT
from ringwake.sip.transactions.events import Failure
from ringwake.sip.transactions.layer import TransactionLayer
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.wake.owner import Owner


class Recording(Owner):
    """An owner that remembers its events, and does what the test wants next."""

    def __init__(self, *, at: float | None = None) -> None:
        self.events: list[tuple[object, ...]] = []
        self.at = at
        self.settled = False
        self.next: Effects = NOTHING

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        return self._did("response", branch_id, response.status, now)

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        return self._did("failed", branch_id, failure, now)

    def cancel(self, reason: str, now: float) -> Effects:
        return self._did("cancel", reason, now)

    def pushed(self, device: str, outcome: Outcome, now: float) -> Effects:
        return self._did("pushed", device, outcome, now)

    def handle_timer(self, now: float) -> Effects:
        self.at = None
        return self._did("timer", now)

    def get_timer(self) -> float | None:
        return self.at

    @property
    def is_settled(self) -> bool:
        return self.settled

    def _did(self, *event: object) -> Effects:
        self.events.append(event)
        return self.next


def transaction() -> ServerTransaction:
    return TransactionLayer().adopt(request(INVITE), TCP)


def forward(branch: str) -> Forward:
    return Forward(request(INVITE, branch=branch), TCP)


NOTE = Note(Event(Happened.FAULT, 0.0))


def test_events_find_their_owner_by_branch_transaction_and_id() -> None:
    calls, owner, other = Calls(), Recording(), Recording()
    served = transaction()
    calls.add("1", owner, transaction=served)
    calls.add("2", other, transaction=transaction())
    calls.keep("1", (forward("z9hG4bKa"), NOTE), 0.0)
    owner.next = (NOTE,)
    assert calls.response("z9hG4bKa", answer(request(INVITE), 180), 1.0) == (NOTE,)
    assert calls.failed("z9hG4bKa", Failure.TIMEOUT, 2.0) == (NOTE,)
    assert calls.cancel(served, "SIP;cause=200", 3.0) == (NOTE,)
    assert calls.pushed("1", "phone", Accepted("x"), 4.0) == (NOTE,)
    assert owner.events == [
        ("response", "z9hG4bKa", 180, 1.0),
        ("failed", "z9hG4bKa", Failure.TIMEOUT, 2.0),
        ("cancel", "SIP;cause=200", 3.0),
        ("pushed", "phone", Accepted("x"), 4.0),
    ]
    assert other.events == []


def test_what_nobody_owns_brings_about_nothing() -> None:
    calls = Calls()
    assert calls.response("z9hG4bKx", answer(request(INVITE), 200), 0.0) == NOTHING
    assert calls.failed("z9hG4bKx", Failure.TIMEOUT, 0.0) == NOTHING
    assert calls.cancel(transaction(), "", 0.0) == NOTHING
    assert calls.pushed("nobody", "phone", Accepted(), 0.0) == NOTHING
    assert calls.get("nobody") is None
    assert calls.calling("nobody@example.com") == []
    assert calls.keep("nobody", (NOTE,), 0.0) == (NOTE,)
    assert calls.get_timer() is None
    assert list(calls.handle_timer(1e9)) == []


def test_branches_that_an_event_brings_about_are_known_at_once() -> None:
    calls, owner = Calls(), Recording()
    calls.add("1", owner, transaction=None)
    calls.keep("1", (forward("z9hG4bKa"),), 0.0)
    owner.next = (forward("z9hG4bKb"),)
    calls.failed("z9hG4bKa", Failure.TRANSPORT, 1.0)
    owner.next = NOTHING
    calls.response("z9hG4bKb", answer(request(INVITE), 180), 2.0)
    assert owner.events[-1] == ("response", "z9hG4bKb", 180, 2.0)


def test_those_who_call_an_account_are_found_oldest_first() -> None:
    calls, owners = Calls(), [Recording(), Recording(), Recording()]
    for number, owner in enumerate(owners[:2]):
        calls.add(str(number), owner, transaction=None, aor="alice@example.com")
    calls.add("2", owners[2], transaction=None, aor="bob@example.com")
    assert calls.calling("alice@example.com") == [("0", owners[0]), ("1", owners[1])]
    calls.forget("0")
    assert calls.calling("alice@example.com") == [("1", owners[1])]
    calls.forget("1")
    assert calls.calling("alice@example.com") == []
    assert len(calls) == 1
    assert calls.get("2") is owners[2]


def test_timers_fire_in_order_and_are_asked_for_anew_after_each_event() -> None:
    calls = Calls()
    owners = {name: Recording(at=at) for name, at in (("a", 30.0), ("b", 10.0), ("c", 20.0))}
    for name, owner in owners.items():
        calls.add(name, owner, transaction=None)
        calls.keep(name, NOTHING, 0.0)
    assert calls.get_timer() == 10.0
    owners["c"].at = 5.0
    calls.pushed("c", "phone", Accepted(), 1.0)
    assert calls.get_timer() == 5.0
    assert len(list(calls.handle_timer(10.0))) == 2
    assert [owners[name].events[-1] for name in "bc"] == [("timer", 10.0)] * 2
    assert owners["a"].events == []
    owners["a"].at = None
    calls.keep("a", NOTHING, 11.0)
    assert calls.get_timer() is None


def test_who_is_settled_lingers_for_late_answers_and_is_then_forgotten() -> None:
    """RFC 6026 section 7.2: a 2xx that comes again still has to find its way."""
    calls, owner, served = Calls(), Recording(), transaction()
    calls.add("1", owner, transaction=served, aor="alice@example.com")
    calls.keep("1", (forward("z9hG4bKa"),), 0.0)
    owner.settled = True
    calls.response("z9hG4bKa", answer(request(INVITE), 200), 1.0)
    assert calls.get_timer() == 1.0 + TIMEOUT
    calls.response("z9hG4bKa", answer(request(INVITE), 200), 2.0)
    calls.keep("1", NOTHING, 20.0)
    assert calls.get_timer() == 1.0 + TIMEOUT, "or somebody who goes on saying something would keep it for ever"
    assert list(calls.handle_timer(1.0 + TIMEOUT)) == []
    assert len(calls) == 0
    assert calls.response("z9hG4bKa", answer(request(INVITE), 200), 40.0) == NOTHING
    assert calls.cancel(served, "", 40.0) == NOTHING
    assert calls.calling("alice@example.com") == []


def test_who_is_needed_again_is_not_forgotten() -> None:
    """An outbox is empty, and then has a message again."""
    calls, owner = Calls(), Recording()
    calls.add("1", owner, transaction=None)
    owner.settled = True
    calls.keep("1", NOTHING, 0.0)
    owner.settled = False
    calls.keep("1", NOTHING, 1.0)
    assert list(calls.handle_timer(1000.0)) == []
    assert calls.get("1") is owner
    owner.settled = True
    calls.keep("1", NOTHING, 1000.0)
    assert calls.get_timer() == 1000.0 + TIMEOUT


def test_forgetting_one_leaves_a_branch_that_another_has_taken_over() -> None:
    calls, first, second = Calls(), Recording(), Recording()
    for name, owner in (("1", first), ("2", second)):
        calls.add(name, owner, transaction=None)
        calls.keep(name, (forward("z9hG4bKsame"),), 0.0)
    calls.forget("1")
    calls.response("z9hG4bKsame", answer(request(INVITE), 180), 1.0)
    assert second.events == [("response", "z9hG4bKsame", 180, 1.0)]


def test_effects_pass_through_unchanged() -> None:
    calls, owner = Calls(), Recording()
    calls.add("1", owner, transaction=None)
    effects: Effects = (NOTE, forward("z9hG4bKa"), NOTE)
    assert calls.keep("1", effects, 0.0) is effects


def test_a_request_that_has_another_owner_now_stays_with_it() -> None:
    """A call that has gone on to another account: the first one is forgotten long before the second."""
    calls, first, second = Calls(), Recording(), Recording()
    served = transaction()
    calls.add("1", first, transaction=served)
    calls.add("2", second, transaction=served)
    calls.forget("1")
    assert calls.serving(served) is second
    calls.forget("2")
    assert calls.serving(served) is None


class Standing(Recording):
    """One that stays as long as the server does."""

    @property
    def is_standing(self) -> bool:
        return True


def test_one_that_stays_is_asked_once_more_by_each_request_and_keeps_none() -> None:
    """It sends requests for months: each is forgotten with its end."""
    calls, owner = Calls(), Standing()
    calls.add("pbx", owner, transaction=None)
    calls.keep("pbx", (forward("z9hG4bKa"), forward("z9hG4bKb")), 0.0)
    for status in (100, 200, 200):
        calls.response("z9hG4bKa", answer(request("REGISTER"), status), 1.0)
    for _ in range(2):
        calls.failed("z9hG4bKb", Failure.TIMEOUT, 2.0)
    assert owner.events == [
        ("response", "z9hG4bKa", 100, 1.0),
        ("response", "z9hG4bKa", 200, 1.0),
        ("failed", "z9hG4bKb", Failure.TIMEOUT, 2.0),
    ]
