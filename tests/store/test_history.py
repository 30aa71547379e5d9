"""Claims about the history: what it keeps, for how long, what counts as unread, and what a message became."""

from __future__ import annotations

from dataclasses import replace
from random import Random

import pytest
from tests.store.samples import ALICE, BOB, NOW, account, call, contact, message, register
from tests.store.test_image import do, entry

from ringwake.model.account import Aor
from ringwake.model.account_ops import PutAccount, RemoveAccount
from ringwake.model.binding import Binding
from ringwake.model.call import CallEnd
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import ListHistory, Log, MarkRead
from ringwake.model.message_ops import KeepMessage, Kept, MailboxFull, MessageDone
from ringwake.model.once_ops import UseOnce
from ringwake.model.settings import UNCHOSEN, Notifications, Settings
from ringwake.model.settings_ops import ListSettings, Outdated, PutSettings
from ringwake.model.store_ops import Finish, Finished, Park, Parked, Registered, Sweep
from ringwake.store.history import KEPT_SECONDS, MOST
from ringwake.store.image import Image
from ringwake.store.rows import Line


def letter(number: int = 1) -> Entry:
    return replace(entry(f"message{number}"), kind=EntryKind.MESSAGE, outcome=Outcome.WAITING)


def keep(image: Image, number: int = 1, *, most: int | None = None) -> Kept | MailboxFull:
    return do(image, KeepMessage(message=message(number), entry=letter(number), most=most))


def outcomes(image: Image) -> dict[str, Outcome]:
    return {one.id: one.outcome for one in do(image, ListHistory())}


def outcomes_of_all(image: Image) -> dict[str, Outcome]:
    return {one.id: one.outcome for one in do(image, ListHistory(limit=1000))}


def unread(image: Image, aor: Aor = ALICE) -> int:
    return do(image, MarkRead(aor=aor, until=0.0))[1]


def test_the_end_of_a_call_is_listed_in_the_same_step_and_counted() -> None:
    image = Image()
    assert do(image, Park(call=call())) == Parked((), 0)
    ended = do(image, Finish(call="call1", end=CallEnd.NO_ANSWER, entry=entry("call1")))
    assert ended == Finished(was_open=True, unread=1)
    assert do(image, Finish(call="call1", end=CallEnd.NO_ANSWER, entry=entry("call1"))) == Finished(False, 1)
    assert do(image, Park(call=call(2))) == Parked((), 1), "the next call is pushed with the number before it"


def test_the_end_of_a_call_that_could_not_be_written_down_when_it_came_is_listed_once() -> None:
    image = Image()
    finish = Finish(call="call1", end=CallEnd.NO_ANSWER, entry=entry("call1"))
    assert do(image, finish) == Finished(was_open=False, unread=1)
    other = replace(entry("call1"), outcome=Outcome.ANSWERED)
    assert do(image, Finish(call="call1", end=CallEnd.ANSWERED, entry=other)) == Finished(was_open=False, unread=1)
    assert outcomes(image) == {"call1": entry("call1").outcome}, "what it ended as, it stays"


def test_only_missed_calls_and_messages_of_others_are_unread() -> None:
    image = Image()
    logs = {one: Log(replace(entry(one.value), aor=Aor(one.value), outcome=one)) for one in Outcome}
    counted = [outcome for outcome, log in logs.items() if do(image, log)]
    assert counted == [Outcome.CANCELLED, Outcome.NO_WAKE, Outcome.NO_ANSWER, Outcome.ERROR, Outcome.SILENCED]
    assert do(image, Log(replace(letter(), is_outgoing=True))) == 0
    assert do(image, Log(letter(2))) == 1


def test_what_was_read_on_one_device_is_read_and_stays_so() -> None:
    image = Image()
    for name in ("one", "two"):
        do(image, Log(entry(name)))
    do(image, Log(replace(entry("answered"), outcome=Outcome.ANSWERED)))
    read = MarkRead(aor=ALICE, entries=("one", "answered", "none"), until=NOW)
    assert do(image, read) == (1, 1), "an answered call was never news"
    assert do(image, MarkRead(aor=BOB, until=NOW)) == (0, 0)
    assert do(image, Log(entry("one"))) == 1, "told again after a crash, it is not new"
    assert do(image, MarkRead(aor=ALICE, until=NOW - 1)) == (0, 1), "what came since was not looked at"
    assert do(image, MarkRead(aor=ALICE, until=NOW)) == (1, 0)


def test_an_account_keeps_its_newest_entries() -> None:
    image = Image()
    do(image, Log(replace(entry("of bob"), aor=BOB)))
    for number in range(MOST + 2):
        do(image, Log(entry(f"e{number}")))
    names = [one.id for one in do(image, ListHistory(aor=ALICE, limit=1000))]
    assert names == [f"e{number}" for number in range(MOST + 1, 1, -1)]
    assert unread(image) == MOST
    assert unread(image, BOB) == 1


def test_entries_go_after_their_time_and_not_before() -> None:
    image = Image()
    do(image, Log(entry("old")))
    do(image, Log(replace(entry("new"), at=NOW + 10)))
    assert do(image, Sweep(wall=NOW + KEPT_SECONDS - 1, limit=9)) == 0
    assert do(image, Sweep(wall=NOW + KEPT_SECONDS, limit=9)) == 1
    assert list(outcomes(image)) == ["new"]


def test_an_entry_that_is_replaced_by_a_later_one_lives_as_long_as_that() -> None:
    image = Image()
    do(image, Log(entry("one")))
    do(image, Log(replace(entry("one"), at=NOW + 10)))
    assert do(image, Sweep(wall=NOW + KEPT_SECONDS, limit=9)) == 0
    assert do(image, Sweep(wall=NOW + KEPT_SECONDS + 10, limit=9)) == 1


def test_a_message_is_listed_as_waiting_until_a_phone_has_it() -> None:
    image = Image()
    do(image, register(contact("a1", instance="<urn:1>"), contact("a2", instance="<urn:2>")))
    assert keep(image) == Kept(replace(message(), waiting=("a1", "a2")), do_bindings(image), 1)
    assert outcomes(image) == {"message1": Outcome.WAITING}
    do(image, MessageDone(message="message1", binding="a1", status=415, wall=NOW + 1))
    assert outcomes(image) == {"message1": Outcome.WAITING}, "another may take it"
    do(image, MessageDone(message="message1", binding="a2", status=200, wall=NOW + 2))
    (found,) = do(image, ListHistory())
    assert (found.outcome, found.ended_at, found.status) == (Outcome.DELIVERED, NOW + 2, 200)
    assert unread(image) == 1, "delivered is not read"


def test_a_message_that_one_phone_has_is_delivered_whatever_the_others_say() -> None:
    image = Image()
    do(image, register(contact("a1", instance="<urn:1>"), contact("a2", instance="<urn:2>")))
    keep(image)
    do(image, MessageDone(message="message1", binding="a1", status=200))
    do(image, MessageDone(message="message1", binding="a2", status=415))
    assert outcomes(image) == {"message1": Outcome.DELIVERED}


def test_a_message_that_no_phone_takes_and_one_that_nobody_came_for_are_listed_as_such() -> None:
    image = Image()
    do(image, register(contact("a1")))
    keep(image, 1)
    keep(image, 2)
    do(image, MessageDone(message="message1", binding="a1", status=302, wall=NOW + 1))
    assert outcomes(image) == {"message1": Outcome.REFUSED, "message2": Outcome.WAITING}
    do(image, Sweep(wall=NOW + 1000, limit=9))
    assert outcomes(image) == {"message1": Outcome.REFUSED, "message2": Outcome.EXPIRED}
    assert unread(image) == 0, "nobody can read them"


def test_a_full_mailbox_takes_no_more_and_one_that_is_known_again() -> None:
    image = Image()
    assert isinstance(keep(image, 1, most=2), Kept)
    assert isinstance(keep(image, 2, most=2), Kept)
    assert keep(image, 3, most=2) == MailboxFull()
    assert list(outcomes(image)) == ["message2", "message1"]
    assert isinstance(keep(image, 2, most=2), Kept), "it comes again: the 202 was lost"


def test_the_history_is_listed_by_account_kind_and_what_is_unread() -> None:
    image = Image()
    do(image, Log(entry("missed")))
    do(image, Log(replace(entry("answered"), outcome=Outcome.ANSWERED)))
    do(image, Log(letter()))
    do(image, Log(replace(entry("of bob"), aor=BOB)))

    def listed(op: ListHistory) -> list[str]:
        return [one.id for one in do(image, op)]

    assert listed(ListHistory()) == ["of bob", "message1", "answered", "missed"]
    assert listed(ListHistory(aor=ALICE, kind=EntryKind.CALL)) == ["answered", "missed"]
    assert listed(ListHistory(aor=ALICE, only_unread=True)) == ["message1", "missed"]
    assert listed(ListHistory(limit=1)) == ["of bob"]
    assert listed(ListHistory(only_missed=True, limit=2)) == ["of bob", "missed"]


def test_the_newest_come_first_also_when_a_removal_had_to_be_taken_back() -> None:
    image = Image()
    for number in range(MOST):
        do(image, Log(entry(f"e{number}")))
    one_more = image.apply(Log(entry("one more")))
    assert "e0" not in outcomes(image)
    one_more.undo()
    assert list(outcomes_of_all(image)) == [f"e{number}" for number in range(MOST - 1, -1, -1)]
    do(image, Log(entry("another")))
    names = list(outcomes_of_all(image))
    assert (names[0], names[-1]) == ("another", "e1")


def test_rows_may_be_loaded_in_any_order() -> None:
    image = Image()
    lines = [Line(entry(f"e{number}"), number) for number in range(9)]
    image.load(Random(7).sample(lines, len(lines)))
    names = [f"e{number}" for number in range(8, -1, -1)]
    assert list(outcomes_of_all(image)) == names
    assert [one.id for one in do(image, ListHistory(aor=ALICE))] == names
    (changed,) = image.apply(Log(entry("a new one"))).rows
    assert isinstance(changed.after, Line)
    assert changed.after.serial > 8, "or the next start would put it before those that were loaded"


def test_settings_are_kept_with_a_version_that_guards_against_each_other() -> None:
    image = Image()
    loud, quiet = Settings(), Settings(notifications=Notifications(sound=False), version=99)
    first = do(image, PutSettings(aor=ALICE, settings=quiet, expected=0))
    assert first == replace(quiet, version=1)
    assert do(image, PutSettings(aor=ALICE, settings=loud, expected=0)) == Outdated(first)
    assert do(image, PutSettings(aor=ALICE, settings=loud, expected=1)) == replace(loud, version=2)
    newest = do(image, PutSettings(aor=ALICE, settings=loud, expected=9))
    assert newest == Outdated(replace(loud, version=2)), "a version that never was, as after a backup was put back"
    assert do(image, PutSettings(aor=Aor("a@a"), settings=UNCHOSEN)) == replace(UNCHOSEN, version=1)
    assert [aor for aor, _ in do(image, ListSettings())] == ["a@a", ALICE]


def test_a_name_is_used_once_and_forgotten_when_nobody_can_come_with_it() -> None:
    image = Image()
    assert do(image, UseOnce(name="n", until=NOW))
    assert not do(image, UseOnce(name="n", until=NOW))
    assert do(image, Sweep(wall=NOW, limit=9)) == 1
    assert do(image, UseOnce(name="n", until=NOW))


def do_bindings(image: Image) -> tuple[Binding, ...]:
    parked = do(image, Park(call=call(9)))
    do(image, Finish(call="call9", end=CallEnd.ERROR))
    return parked.bindings


def leg(image: Image, number: int, outcome: Outcome, *, at: float = NOW, only: str = "phone") -> int:
    """End a call by which a PBX has called one phone; return how many entries are unread."""
    known = replace(call(number, at=at), trace="one call", only=only)
    do(image, Park(call=known))
    ended = replace(entry(known.id), trace="one call", outcome=outcome, at=at, ended_at=at + 20)
    return do(image, Finish(call=known.id, end=CallEnd.ERROR, entry=ended)).unread


@pytest.mark.parametrize(
    ("outcomes", "became", "count"),
    [
        ([Outcome.NO_WAKE, Outcome.NO_ANSWER], Outcome.NO_WAKE, 1),
        ([Outcome.NO_WAKE, Outcome.ANSWERED], Outcome.ANSWERED, 0),
        ([Outcome.ANSWERED, Outcome.CANCELLED], Outcome.ANSWERED, 0),
        ([Outcome.DECLINED, Outcome.CANCELLED, Outcome.CANCELLED], Outcome.DECLINED, 0),
    ],
)
def test_a_call_by_which_a_pbx_calls_each_phone_by_itself_is_listed_and_counted_once(
    outcomes: list[Outcome], became: Outcome, count: int
) -> None:
    image = Image()
    counts = [leg(image, number, outcome, at=NOW + number) for number, outcome in enumerate(outcomes)]
    (listed,) = do(image, ListHistory())
    assert (listed.id, listed.outcome, listed.at, counts[-1]) == ("call0", became, NOW, count)


def test_a_call_that_comes_after_another_or_to_all_phones_is_one_of_its_own() -> None:
    image = Image()
    assert leg(image, 1, Outcome.NO_WAKE) == 1
    assert leg(image, 2, Outcome.NO_WAKE, at=NOW + 21) == 2
    assert leg(image, 3, Outcome.NO_WAKE, only="") == 3


def part(image: Image, number: int, *, lasts: float = 600.0) -> str:
    """Keep a message that a PBX has sent to one phone by itself; return the phone."""
    phone = registered_phone(image, number)
    kept = replace(message(number, lasts=lasts), entry="one")
    do(image, KeepMessage(message=kept, entry=replace(letter(), id="one"), only=phone))
    return phone


def registered_phone(image: Image, number: int) -> str:
    registered = do(image, register(contact(f"b{number}", instance=f"<urn:{number}>"), call_id=f"c{number}"))
    assert isinstance(registered, Registered)
    return f"b{number}"


def test_a_message_that_a_pbx_sends_to_each_phone_by_itself_is_listed_once_and_delivered_when_one_has_it() -> None:
    image = Image()
    first, second = part(image, 1, lasts=10.0), part(image, 2)
    assert unread(image) == 1
    do(image, Sweep(wall=NOW + 11, limit=9))
    assert outcomes(image) == {"one": Outcome.EXPIRED}
    assert do(image, MessageDone(message="message2", binding=second, wall=NOW + 12, status=200))
    assert outcomes(image) == {"one": Outcome.DELIVERED}
    part(image, 3)
    assert outcomes(image) == {"one": Outcome.DELIVERED}, "it came for another phone after that"
    assert not do(image, MessageDone(message="message1", binding=first, wall=NOW + 13, status=486))
    assert unread(image) == 1


def test_a_call_to_an_account_that_was_removed_is_not_listed_for_whoever_has_the_name_next() -> None:
    image = Image()
    do(image, PutAccount(account=account()))
    do(image, Park(call=call()))
    do(image, RemoveAccount(aor=ALICE))
    do(image, PutAccount(account=account()))
    do(image, Park(call=call(2)))
    assert do(image, Finish(call="call1", end=CallEnd.NO_ANSWER, entry=entry("call1"))) == Finished(True, 0)
    assert do(image, Finish(call="call2", end=CallEnd.NO_ANSWER, entry=entry("call2"))) == Finished(True, 1)
    assert list(outcomes(image)) == ["call2"]
