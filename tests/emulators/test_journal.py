"""Claims about the journal."""

from hashlib import sha256

import msgspec
from tests.emulators.bench import ManualClock

from ringwake.emulators.journal import Entry, Journal, hash8


def test_entries_are_numbered_dated_and_told_to_the_hook() -> None:
    clock = ManualClock()
    journal = Journal(clock.monotonic)
    told: list[Entry] = []
    journal.hook = told.append
    clock.advance(2.5)
    entry = journal.note("apns", "refused", reason="BadTopic", status=400, token="5c0a3b1f", id="x", kind="voip")
    assert (entry.serial, entry.at, entry.service, entry.event) == (1, 2.5, "apns", "refused")
    assert told == [entry]
    assert journal.entries == (entry,)
    assert journal.last == 1


def test_only_the_newest_entries_are_kept() -> None:
    journal = Journal(lambda: 0.0, kept=3)
    for number in range(5):
        journal.note("fcm", "accepted", id=str(number))
    assert [entry.id for entry in journal.entries] == ["2", "3", "4"]
    assert journal.last == 5


def test_one_can_ask_for_what_came_after() -> None:
    journal = Journal(lambda: 0.0)
    for number in range(5):
        journal.note("fcm", "accepted", id=str(number))
    assert [entry.serial for entry in journal.after(2, 2)] == [3, 4]
    assert journal.after(5, 2) == []
    assert msgspec.json.decode(msgspec.json.encode(journal.after(4, 1)))[0]["serial"] == 5


def test_a_token_is_shown_as_eight_digits_of_its_hash() -> None:
    assert hash8("token") == sha256(b"token").hexdigest()[:8]
    assert len(hash8("\udcff")) == 8
