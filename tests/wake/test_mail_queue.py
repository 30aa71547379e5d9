"""Claims about the messages for one phone: in order, but for conversations that have to wait."""

from __future__ import annotations

import pytest
from tests.support.sip_messages import request
from tests.wake.phones import AOR, WALL

from ringwake.model.stored_message import StoredMessage
from ringwake.wake.mail_queue import PAUSES, MailQueue, pause_after, sender_of


def letter(name: str, *, sender: str = "<sip:boss@example.com>;tag=1", seconds: float = 86400.0) -> StoredMessage:
    """Write a message."""
    made = request("MESSAGE")
    made.headers.set("from", sender)
    return StoredMessage(
        id=name, trace=name, aor=AOR, message=made.encode(), received_at=WALL, expires_at=WALL + seconds
    )


def queue(*letters: StoredMessage) -> MailQueue:
    made = MailQueue()
    made.add(letters)
    return made


def first(of: MailQueue, now: float = 0.0) -> str:
    found = of.first(now, wall=WALL + now)
    return found.id if found else ""


def test_the_oldest_is_first_and_what_is_removed_is_gone() -> None:
    mail = queue(letter("one"), letter("two"))
    mail.add([letter("one"), letter("three")])
    assert [message.id for message in mail.messages] == ["one", "two", "three"]
    assert ("two" in mail, len(mail), first(mail)) == (True, 3, "one")
    mail.remove("one")
    mail.remove("never there")
    assert ("one" in mail, first(mail)) == (False, "two")


def test_a_message_that_waits_holds_back_its_senders_next_and_nobody_elses() -> None:
    bob = "<sip:bob@example.com>;tag=2"
    mail = queue(letter("one"), letter("two"), letter("bob's", sender=bob))
    assert mail.hold("one", 10.0) == 10.0 + PAUSES[0]
    assert first(mail, 10.0) == "bob's"
    mail.remove("bob's")
    assert first(mail, 10.0) == ""
    assert mail.get_timer() == 10.0 + PAUSES[0]
    assert first(mail, 10.0 + PAUSES[0]) == "one"
    assert mail.get_timer() is None


def test_pauses_grow_with_each_refusal_and_are_bounded() -> None:
    mail, now, pauses = queue(letter("one")), 0.0, []
    for _ in range(len(PAUSES) + 2):
        until = mail.hold("one", now)
        pauses.append(until - now)
        now = until
    assert pauses == [*PAUSES, PAUSES[-1], PAUSES[-1]]
    assert mail.refusals("one") == len(PAUSES) + 2
    assert mail.refusals("never there") == 0
    assert pause_after(1) > pause_after(0)


@pytest.mark.parametrize(("least", "pause"), [(0.0, PAUSES[0]), (7.0, 7.0), (1e9, PAUSES[-1])])
def test_the_phone_may_ask_for_a_longer_pause(least: float, pause: float) -> None:
    assert queue(letter("one")).hold("one", 0.0, least=least) == pause


def test_what_is_released_goes_on_at_once() -> None:
    mail = queue(letter("one"))
    mail.hold("one", 0.0)
    mail.release()
    assert (first(mail), mail.get_timer()) == ("one", None)


def test_what_has_expired_is_dropped() -> None:
    mail = queue(letter("one", seconds=5), letter("two"))
    mail.hold("one", 0.0)
    assert first(mail, 5.0) == "two"
    assert len(mail) == 1
    mail.remove("two")
    assert mail.get_timer() is None


@pytest.mark.parametrize(
    ("sender", "name"),
    [
        ("Boss <sip:boss@Example.com;transport=tcp>;tag=1", "boss@example.com"),
        ("<sips:boss@example.com>;tag=2", "boss@example.com"),
        ("<tel:+4912345>;tag=3", "tel:+4912345"),
        ("<sip:boss@example.com>, <sip:bob@example.com>", ""),
    ],
)
def test_a_conversation_is_what_one_sender_writes(sender: str, name: str) -> None:
    assert sender_of(letter("one", sender=sender)) == name


def test_what_cannot_be_read_is_one_conversation() -> None:
    broken = StoredMessage(id="x", trace="x", aor=AOR, message=b"", received_at=WALL, expires_at=WALL)
    assert sender_of(broken) == ""
