"""Stored messages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from tests.store.samples import ALICE, BOB, NOW, message

from ringwake.model.stored_message import StoredMessage
from ringwake.store.changes import Changes
from ringwake.store.messages import Messages
from ringwake.store.rows import Letter


def kept(*waiting: str) -> Messages:
    messages = Messages()
    messages.keep(Changes(), replace(message(1), waiting=waiting), 1)
    return messages


def waiting_for(messages: Messages, *phones: str, wall: float = NOW) -> list[str]:
    return [each.id for each in messages.waiting_for(ALICE, phones, wall)]


def test_a_message_waits_for_its_phones() -> None:
    messages = kept("a1", "a2")
    assert messages.get("message1") == replace(message(1), waiting=("a1", "a2"))
    assert waiting_for(messages, "a1") == waiting_for(messages, "x", "a2") == ["message1"]
    assert waiting_for(messages, "x") == waiting_for(messages) == []
    assert messages.waited_for(ALICE) == {"a1", "a2"}
    assert messages.waiting_for(BOB, ["a1"], NOW) == ()


def test_it_goes_when_all_have_it() -> None:
    messages, changes = kept("a1", "a2"), Changes()
    assert messages.done(changes, "message1", "a1")
    assert not messages.done(changes, "message1", "a1")
    assert waiting_for(messages, "a1") == []
    assert waiting_for(messages, "a2") == ["message1"]
    assert messages.done(changes, "message1", "a2")
    assert (messages.get("message1"), messages.aors()) == (None, ())
    assert not messages.done(changes, "message1", "a2")
    assert len(changes.rows) == 2


def test_for_anybody_it_goes_when_the_first_has_it() -> None:
    messages = kept()
    assert waiting_for(messages, "a1") == waiting_for(messages, "a2") == ["message1"]
    assert messages.done(Changes(), "message1", "a2")
    assert messages.get("message1") is None


def test_when_the_last_that_waits_is_gone_it_waits_for_the_first_that_registers() -> None:
    messages = kept("a1", "a2")
    messages.leave(Changes(), ALICE, ["a1", "x"])
    assert waiting_for(messages, "new") == []
    messages.leave(Changes(), ALICE, ["a2"])
    assert waiting_for(messages, "new") == ["message1"]


def test_but_not_for_one_that_has_it() -> None:
    messages = kept("a1", "a2")
    messages.done(Changes(), "message1", "a1")
    messages.leave(Changes(), ALICE, ["a2"])
    assert waiting_for(messages, "a1") == []
    assert not messages.done(Changes(), "message1", "a1")
    assert waiting_for(messages, "new") == ["message1"]


def test_nothing_is_written_when_nobody_waited_for_the_one_that_left() -> None:
    messages, changes = kept("a1"), Changes()
    messages.leave(changes, ALICE, ["x"])
    messages.leave(changes, ALICE, [])
    assert changes.rows == []


def test_they_come_in_the_order_of_their_arrival() -> None:
    messages = Messages()
    for serial, number in enumerate((3, 1, 2)):
        messages.keep(Changes(), message(number), serial)
    assert waiting_for(messages, "a1") == ["message3", "message1", "message2"]


def test_an_expired_one_is_not_handed_out_and_is_swept_once() -> None:
    messages = kept()
    messages.keep(Changes(), message(2, lasts=60), 2)
    assert waiting_for(messages, "a1", wall=NOW + 60) == ["message1"]
    assert not messages.remove_expired(Changes(), NOW + 59)
    assert messages.remove_expired(Changes(), NOW + 60)
    assert messages.get("message2") is None
    assert not messages.remove_expired(Changes(), NOW + 60)


def test_all_of_an_aor_go_at_once() -> None:
    messages = kept()
    messages.keep(Changes(), message(2, aor=BOB), 2)
    messages.remove(Changes(), ALICE)
    assert messages.aors() == (BOB,)


def test_load_adds() -> None:
    messages = Messages()
    messages.load(Letter(message=message(1), serial=8, had=("a1",)))
    assert waiting_for(messages, "a1") == []
    assert waiting_for(messages, "a2") == ["message1"]


CHANGES: list[Callable[[Messages, Changes], object]] = [
    lambda messages, changes: messages.keep(changes, message(2), 2),
    lambda messages, changes: messages.done(changes, "message1", "a1"),
    lambda messages, changes: messages.leave(changes, ALICE, ["a1"]),
    lambda messages, changes: messages.remove(changes, ALICE),
    lambda messages, changes: messages.remove_expired(changes, NOW + 1e6),
]


@pytest.mark.parametrize("change", CHANGES, ids=["keep", "done", "leave", "remove", "expire"])
def test_the_way_back(change: Callable[[Messages, Changes], object]) -> None:
    messages, changes = kept("a1"), Changes()
    before: StoredMessage | None = messages.get("message1")
    change(messages, changes)
    changes.undo()
    assert messages.get("message1") == before
    assert (messages.get("message2"), messages.aors(), waiting_for(messages, "a1")) == (None, (ALICE,), ["message1"])
    assert messages.remove_expired(Changes(), NOW + 1e6)
    assert not messages.remove_expired(Changes(), NOW + 1e6)
