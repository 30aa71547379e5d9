"""Claims about messages for one phone: in order, one at a time, and the same message is the same request."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.sip_messages import answer, request
from tests.wake.phones import AOR, SEAL, WALL, binding, flow

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, AbandonBranch, Effects, Forward, Note, Persist
from ringwake.model.events import Happened
from ringwake.model.store_ops import MessageDone
from ringwake.model.stored_message import StoredMessage
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.transactions.events import Failure
from ringwake.wake.outbox import Outbox, delivery_call_id


def stored(name: str) -> StoredMessage:
    return StoredMessage(
        id=name, trace=f"trace-{name}", aor=AOR, message=b"", received_at=WALL, expires_at=WALL + 86400
    )


def composed(message: StoredMessage, to: Binding, down: Flow) -> Request:
    """Build the request of a message for a phone: its branch and Call-ID say which, wherever it goes."""
    made = request("MESSAGE", uri=to.uri, branch=branch(message.id))
    made.headers.set("call-id", delivery_call_id(SEAL, message, to.id))
    made.headers.append("x-flow", str(down.serial))
    return made


def branch(name: str) -> str:
    return f"z9hG4bK-{name}"


class Phone:
    """One phone's outbox, and what it was sent."""

    def __init__(self) -> None:
        self.outbox = Outbox(binding(), composed, wake=self._wake)
        self.woken: list[tuple[str, str, float]] = []
        self.sent: list[tuple[str, int]] = []
        self.done: list[str] = []
        self.noted: list[tuple[Happened, object]] = []
        self.requests: list[Request] = []

    def _wake(self, message: StoredMessage, to: Binding, now: float) -> Effects:
        self.woken.append((message.id, to.id, now))
        return NOTHING

    def add(self, *names: str) -> None:
        self.perform(self.outbox.add(stored(name) for name in names))

    def answer(self, name: str, status: int) -> Effects:
        return self.perform(self.outbox.response(branch(name), answer(request("MESSAGE"), status), 5.0))

    def perform(self, effects: Effects) -> Effects:
        for effect in effects:
            match effect:
                case Forward():
                    self.requests.append(effect.request)
                    self.sent.append((effect.request.via.branch.removeprefix("z9hG4bK-"), effect.flow.serial))
                case Persist(op=MessageDone() as op):
                    assert op.binding == "a"
                    self.done.append(op.message)
                case Note():
                    self.noted.append((effect.event.what, effect.event.fields["status"]))
                case AbandonBranch():
                    assert effect.method == "MESSAGE"
                case _:
                    raise AssertionError(effect)
        return effects


def test_messages_go_one_at_a_time_and_in_order() -> None:
    phone = Phone()
    phone.add("one", "two")
    phone.add("three")
    assert phone.sent == [("one", 1)]
    assert not phone.outbox.is_settled
    for name in ("one", "two", "three"):
        phone.answer(name, 200)
    assert phone.sent == [("one", 1), ("two", 1), ("three", 1)]
    assert phone.done == ["one", "two", "three"]
    assert phone.noted == [(Happened.MESSAGE_DELIVERED, 200)] * 3
    assert phone.outbox.is_settled


def test_a_message_that_is_in_the_queue_already_is_not_doubled() -> None:
    phone = Phone()
    phone.add("one", "two")
    phone.add("one", "two", "three")
    for name in ("one", "two", "three"):
        phone.answer(name, 200)
    assert [name for name, _ in phone.sent] == ["one", "two", "three"]
    phone.add()
    assert phone.outbox.is_settled


def test_a_message_that_the_phone_has_had_is_not_sent_again() -> None:
    """A REGISTER that was applied while it was under way is durable after it, and brings it (torture, seed 38)."""
    phone = Phone()
    phone.add("one")
    phone.answer("one", 200)
    phone.add("one", "two")
    assert [name for name, _ in phone.sent] == ["one", "two"]
    assert phone.done == ["one"]


@pytest.mark.parametrize("status", [200, 202, 300, 403, 404, 415, 488, 600, 603])
def test_what_a_phone_takes_or_refuses_for_good_is_done(status: int) -> None:
    phone = Phone()
    phone.add("one", "two")
    phone.answer("one", status)
    assert (phone.done, [name for name, _ in phone.sent]) == (["one"], ["one", "two"])


@pytest.mark.parametrize("status", [401, 407, 408, 480, 486, 500, 503, 599])
def test_what_a_phone_may_take_another_time_waits_for_its_next_register(status: int) -> None:
    phone = Phone()
    phone.add("one", "two")
    assert phone.answer("one", status) == NOTHING
    assert phone.outbox.is_settled
    phone.add("one", "two")  # the store brings them again
    phone.answer("one", 200)
    assert phone.sent == [("one", 1), ("one", 1), ("two", 1)]
    assert phone.requests[0].encode() == phone.requests[1].encode()


@pytest.mark.parametrize("failure", list(Failure))
def test_a_phone_that_cannot_be_reached_is_woken_and_gets_them_again_when_it_registers(failure: Failure) -> None:
    phone = Phone()
    phone.add("one", "two")
    assert phone.outbox.failed(branch("other"), failure, 5.0) == NOTHING
    assert (phone.outbox.is_settled, phone.woken) == (False, [])
    assert phone.outbox.failed(branch("one"), failure, 5.0) == NOTHING
    assert (phone.outbox.is_settled, phone.woken) == (True, [("one", "a", 5.0)])


@pytest.mark.parametrize(("name", "status"), [("one", 100), ("one", 180), ("two", 200), ("other", 486)])
def test_what_is_no_final_answer_to_the_message_under_way_changes_nothing(name: str, status: int) -> None:
    phone = Phone()
    phone.add("one", "two")
    assert phone.answer(name, status) == NOTHING
    assert phone.sent == [("one", 1)]


def test_a_phone_that_moved_gets_the_same_request_down_its_new_flow() -> None:
    phone = Phone()
    phone.add("one", "two")
    moved = replace(phone.outbox.binding, flow=flow(2))
    effects = phone.perform(phone.outbox.moved(moved))
    assert effects[0] == AbandonBranch(branch("one"), "MESSAGE")
    assert phone.sent == [("one", 1), ("one", 2)]
    first, again = phone.requests
    assert (first.via, first.call_id, first.cseq) == (again.via, again.call_id, again.cseq), "a retransmission to it"
    phone.answer("one", 200)
    assert phone.sent[-1] == ("two", 2)
    assert phone.done == ["one"]


def test_a_phone_that_registers_where_it_was_is_not_sent_anything_twice() -> None:
    phone = Phone()
    phone.add("one")
    again = replace(phone.outbox.binding, registered_at=WALL)
    assert phone.outbox.moved(again) == NOTHING
    assert phone.outbox.binding is again
    phone.answer("one", 200)
    assert phone.outbox.moved(replace(again, flow=flow(3))) == NOTHING, "nothing is under way"
    phone.add("two")
    assert phone.sent == [("one", 1), ("two", 3)]


def test_a_delivery_has_a_call_id_of_its_own_for_each_phone_and_message() -> None:
    names = [("one", "a"), ("one", "b"), ("two", "a")]
    ids = [delivery_call_id(SEAL, stored(message), device) for message, device in names]
    assert len(set(ids)) == 3
    assert ids == [delivery_call_id(SEAL, stored(message), device) for message, device in names]
