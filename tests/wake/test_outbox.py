"""Claims about messages for one phone: in order, one at a time, offered again; the same one is the same request."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest
from tests.support.sip_messages import answer, request
from tests.wake.phones import AOR, SEAL, WALL, binding, flow, wall

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, AbandonBranch, Effects, Forward, Note, Persist
from ringwake.model.events import Happened
from ringwake.model.message_ops import MessageDone
from ringwake.model.stored_message import StoredMessage
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.transactions.events import Failure
from ringwake.wake.mail_queue import PAUSES
from ringwake.wake.outbox import AWAKE_SECONDS, MOST_WAKES, Carriage, Outbox, delivery_call_id


def stored(name: str) -> StoredMessage:
    """Write a message: its name begins with that of its sender."""
    made = request("MESSAGE")
    made.headers.set("from", f"<sip:{name[0]}@example.com>;tag=1")
    return StoredMessage(
        id=name, trace=f"trace-{name}", aor=AOR, message=made.encode(), received_at=WALL, expires_at=WALL + 86400
    )


def composed(message: StoredMessage, to: Binding, refusals: int) -> Request:
    """Build the request of a message for a phone: its branch and Call-ID say which, wherever it goes."""
    made = request("MESSAGE", uri=to.uri, branch=branch(message.id, refusals))
    made.headers.set("call-id", delivery_call_id(SEAL, message, to.id))
    return made


def branch(name: str, refusals: int = 0) -> str:
    return f"z9hG4bK-{name}" + (f"-{refusals}" if refusals else "")


class Phone:
    """One phone's outbox, what it was sent, and what became of that."""

    def __init__(self, *, registered_at: float = WALL - 3600) -> None:
        carriage = Carriage(compose=composed, wake=self._wake, is_awake=lambda *_: self.is_awake, wall=wall)
        self.is_awake = True
        self.outbox = Outbox(binding(registered_at=registered_at), carriage)
        self.woken: list[tuple[tuple[str, ...], str]] = []
        self.sent: list[tuple[str, int]] = []
        self.done: list[tuple[str, int, float]] = []
        self.noted: list[tuple[Happened, object]] = []
        self.requests: list[Request] = []
        self.now = 5.0

    def _wake(self, messages: Sequence[StoredMessage], to: Binding) -> Effects:
        self.woken.append((tuple(message.id for message in messages), to.id))
        return NOTHING

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.sent]

    def add(self, *names: str) -> None:
        self.perform(self.outbox.add([stored(name) for name in names], self.now))

    def registers(self, down: Flow | None = None) -> Effects:
        """Let it register anew."""
        self.is_awake = True
        known = self.outbox.binding
        again = replace(known, registered_at=wall(self.now), flow=down or known.flow)
        return self.perform(self.outbox.moved(again, self.now))

    def answer(self, name: str, status: int, *, seconds: str = "") -> Effects:
        response = answer(request("MESSAGE"), status)
        if seconds:
            response.headers.append("retry-after", seconds)
        return self.perform(self.outbox.response(branch(*self._newest(name)), response, self.now))

    def fail(self, name: str, failure: Failure = Failure.TIMEOUT) -> Effects:
        return self.perform(self.outbox.failed(branch(*self._newest(name)), failure, self.now))

    def run(self) -> float:
        """Let time pass until the next timer; returns how long that was."""
        at = self.outbox.get_timer()
        assert at is not None
        before, self.now = self.now, at
        self.perform(self.outbox.handle_timer(at))
        return at - before

    def perform(self, effects: Effects) -> Effects:
        for effect in effects:
            match effect:
                case Forward():
                    self.requests.append(effect.request)
                    self.sent.append((effect.request.via.branch.removeprefix("z9hG4bK-"), effect.flow.serial))
                case Persist(op=MessageDone() as op):
                    assert op.binding == "a"
                    self.done.append((op.message, op.status, op.wall))
                case Note():
                    fields = effect.event.fields
                    assert fields["device"] == "a"
                    self.noted.append((effect.event.what, fields.get("status", fields.get("reason"))))
                case AbandonBranch():
                    assert effect.method == "MESSAGE"
                case _:
                    raise AssertionError(effect)
        return effects

    def _newest(self, name: str) -> tuple[str, int]:
        """Return the last attempt at a message."""
        tries = [sent.rpartition("-")[2] for sent in self.names if sent.startswith(f"{name}-")]
        return name, int(tries[-1]) if tries else 0


# ---- in order


def test_messages_go_one_at_a_time_and_in_order() -> None:
    phone = Phone()
    phone.add("one", "two")
    phone.add("three")
    assert phone.sent == [("one", 1)]
    assert (phone.outbox.is_settled, phone.outbox.get_timer()) == (False, None)
    for name in ("one", "two", "three"):
        phone.answer(name, 200)
    assert phone.sent == [("one", 1), ("two", 1), ("three", 1)]
    assert phone.done == [(name, 200, wall(5.0)) for name in ("one", "two", "three")]
    assert phone.noted == [(Happened.MESSAGE_DELIVERED, 200)] * 3
    assert phone.outbox.is_settled


def test_a_message_that_is_in_the_queue_already_is_not_doubled() -> None:
    phone = Phone()
    phone.add("one", "two")
    phone.add("one", "two", "three")
    for name in ("one", "two", "three"):
        phone.answer(name, 200)
    assert phone.names == ["one", "two", "three"]
    phone.add()
    assert phone.outbox.is_settled


def test_a_message_that_the_phone_has_had_is_not_sent_again() -> None:
    """A REGISTER that was applied while it was under way is durable after it, and brings it (torture, seed 38)."""
    phone = Phone()
    phone.add("one")
    phone.answer("one", 200)
    phone.add("one", "two")
    assert phone.names == ["one", "two"]
    assert [name for name, *_ in phone.done] == ["one"]


@pytest.mark.parametrize("status", [200, 202, 300, 403, 404, 415, 482, 488, 600, 603])
def test_what_a_phone_takes_or_refuses_for_good_is_done_and_noted_as_what_it_is(status: int) -> None:
    phone = Phone()
    phone.add("one", "two")
    phone.answer("one", status)
    assert phone.done == [("one", status, wall(5.0))]
    assert phone.names == ["one", "two"]
    what = Happened.MESSAGE_DELIVERED if status < 300 else Happened.MESSAGE_REFUSED
    assert phone.noted == [(what, status)]


# ---- what a phone refuses for now


@pytest.mark.parametrize("status", [401, 407, 480, 486, 500, 503, 599])
def test_what_a_phone_may_take_another_time_is_offered_again_after_growing_pauses(status: int) -> None:
    phone = Phone()
    phone.add("one")
    pauses = []
    for _ in range(4):
        phone.answer("one", status)
        assert not phone.outbox.is_settled
        pauses.append(phone.run())
    assert pauses == list(PAUSES[:4])
    phone.answer("one", 200)
    assert phone.names == ["one", "one-1", "one-2", "one-3", "one-4"], "each refusal ended a transaction"
    assert phone.done == [("one", 200, wall(phone.now))]
    assert len({made.call_id for made in phone.requests}) == 1
    assert phone.noted[0] == (Happened.MESSAGE_DEFERRED, status)


def test_only_its_own_conversation_waits_for_a_message() -> None:
    phone = Phone()
    phone.add("a1", "a2", "b1", "b2")
    phone.answer("a1", 486)
    phone.answer("b1", 200)
    phone.answer("b2", 200)
    assert phone.names == ["a1", "b1", "b2"]
    phone.run()
    phone.answer("a1", 200)
    phone.answer("a2", 200)
    assert phone.names == ["a1", "b1", "b2", "a1-1", "a2"]
    assert phone.outbox.is_settled


def test_a_phone_says_when_it_wants_to_be_asked_again() -> None:
    phone = Phone()
    phone.add("one")
    phone.answer("one", 503, seconds="120")
    assert phone.run() == 120


def test_a_register_brings_what_was_refused_at_once() -> None:
    phone = Phone()
    phone.add("one")
    phone.answer("one", 480)
    phone.registers()
    phone.add()
    assert phone.names == ["one", "one-1"]
    phone.answer("one", 480)
    assert phone.run() == PAUSES[1], "the pauses go on growing"


def test_a_phone_that_has_fallen_asleep_since_is_woken_once() -> None:
    phone = Phone()
    phone.add("a1", "a2")
    phone.answer("a1", 486)
    phone.is_awake = False
    phone.run()
    assert (phone.woken, phone.outbox.is_settled) == ([(("a1", "a2"), "a")], True)
    phone.registers()
    phone.add("a1", "a2")  # the store brings them again
    assert phone.names == ["a1", "a1-1"]


def test_what_has_expired_meanwhile_is_offered_no_more() -> None:
    phone = Phone()
    phone.add("one")
    phone.answer("one", 486)
    phone.now = 90_000.0
    phone.perform(phone.outbox.handle_timer(phone.now))
    assert (phone.names, phone.outbox.is_settled) == (["one"], True)


# ---- a phone that does not answer


@pytest.mark.parametrize("failure", list(Failure))
def test_a_phone_that_does_not_answer_is_woken_and_tried_again(failure: Failure) -> None:
    phone = Phone()
    phone.add("one", "two")
    assert phone.outbox.failed(branch("other"), failure, 5.0) == NOTHING
    assert phone.woken == []
    phone.fail("one", failure)
    assert phone.woken == [(("one", "two"), "a")]
    assert phone.noted == [(Happened.MESSAGE_DEFERRED, failure.value)]
    assert phone.run() == PAUSES[0]
    phone.fail("one", failure)
    assert phone.run() == PAUSES[1]
    assert phone.names == ["one"] * 3, "the same request: it may have had it"
    assert len(phone.woken) == 1, "once is enough until it comes"
    first, again, _ = phone.requests
    assert first.encode() == again.encode()


@pytest.mark.parametrize("status", [408, 430])
def test_a_proxy_that_says_that_it_does_not_answer_is_believed(status: int) -> None:
    phone = Phone()
    phone.add("one")
    phone.answer("one", status)
    assert phone.woken == [(("one",), "a")]
    assert phone.noted == [(Happened.MESSAGE_DEFERRED, str(status))]


@pytest.mark.parametrize("failure", list(Failure))
def test_a_phone_whose_flow_is_gone_is_woken_however_lately_it_has_registered(failure: Failure) -> None:
    phone = Phone(registered_at=WALL + 4)
    phone.add("one", "two")
    phone.is_awake = False
    phone.fail("one", failure)
    assert (phone.woken, phone.outbox.is_settled) == ([(("one", "two"), "a")], True)
    phone.registers(flow(2))
    phone.add("one", "two")
    assert phone.sent == [("one", 1), ("one", 2)]


def test_a_phone_that_has_just_registered_is_not_woken_but_tried_again() -> None:
    phone = Phone(registered_at=WALL)
    phone.add("one")
    phone.now = AWAKE_SECONDS - 1
    phone.fail("one")
    assert phone.woken == []
    phone.run()
    phone.now += 30
    phone.fail("one")
    assert phone.woken == [(("one",), "a")]


def test_a_phone_that_comes_each_time_and_answers_nothing_is_woken_a_few_times_only() -> None:
    phone = Phone()
    phone.add("one")
    for _ in range(10):
        phone.is_awake = False
        phone.fail("one")
        phone.now += 10
        phone.registers()
        phone.add("one")
    assert len(phone.woken) == MOST_WAKES
    phone.answer("one", 200)
    phone.add("two")
    phone.is_awake = False
    phone.fail("two")
    assert len(phone.woken) == MOST_WAKES + 1, "it has answered since"


def test_while_a_phone_is_tried_again_later_what_comes_waits_behind() -> None:
    phone = Phone()
    phone.add("one")
    phone.fail("one")
    phone.add("two")
    assert phone.names == ["one"]
    phone.run()
    phone.answer("one", 200)
    assert phone.names == ["one", "one", "two"]


# ---- events that change nothing


@pytest.mark.parametrize(("name", "status"), [("one", 100), ("one", 180), ("two", 200), ("other", 486)])
def test_what_is_no_final_answer_to_the_message_under_way_changes_nothing(name: str, status: int) -> None:
    phone = Phone()
    phone.add("one", "two")
    assert phone.answer(name, status) == NOTHING
    assert phone.sent == [("one", 1)]


def test_a_phone_that_moved_gets_the_same_request_down_its_new_flow() -> None:
    phone = Phone()
    phone.add("one", "two")
    effects = phone.registers(flow(2))
    assert effects[0] == AbandonBranch(branch("one"), "MESSAGE")
    assert phone.sent == [("one", 1), ("one", 2)]
    first, again = phone.requests
    assert (first.via, first.call_id, first.cseq) == (again.via, again.call_id, again.cseq), "a retransmission to it"
    phone.answer("one", 200)
    assert phone.sent[-1] == ("two", 2)
    assert [name for name, *_ in phone.done] == ["one"]


def test_a_phone_that_registers_where_it_was_is_not_sent_anything_twice() -> None:
    phone = Phone()
    phone.add("one")
    assert phone.registers() == NOTHING
    assert phone.outbox.binding.registered_at == wall(5.0)
    phone.answer("one", 200)
    assert phone.registers(flow(3)) == NOTHING, "nothing is under way"
    phone.add("two")
    assert phone.sent == [("one", 1), ("two", 3)]


def test_a_delivery_has_a_call_id_of_its_own_for_each_phone_and_message() -> None:
    names = [("one", "a"), ("one", "b"), ("two", "a")]
    ids = [delivery_call_id(SEAL, stored(message), device) for message, device in names]
    assert len(set(ids)) == 3
    assert ids == [delivery_call_id(SEAL, stored(message), device) for message, device in names]
