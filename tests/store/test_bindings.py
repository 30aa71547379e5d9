"""Bindings by AOR, token and time."""

from __future__ import annotations

from dataclasses import replace

from tests.store.samples import ALICE, BOB, NOW, apns, binding, fcm, token

from ringwake.model.app import AppKey, Provider
from ringwake.model.binding import Binding
from ringwake.store.bindings import Bindings
from ringwake.store.changes import Changes
from ringwake.store.rows import row

FCM = AppKey(Provider.FCM, "phone-project")
TOKEN = token(FCM, "t").digest


def put(known: Bindings, *bindings: Binding) -> Changes:
    changes = Changes()
    known.put(changes, bindings[0].aor, bindings)
    return changes


def test_they_stand_in_the_order_of_their_registers() -> None:
    known = Bindings()
    late, tie, early = binding("a1", wall=NOW + 5), binding("b"), binding("c")
    put(known, late, early, tie)
    assert known.at(ALICE) == (tie, early, late)
    assert known.at(BOB) == ()


def test_current_ones_have_not_expired() -> None:
    known = Bindings()
    short, long = binding("a1", expires=60), binding("a2")
    put(known, short, long)
    assert known.current(ALICE, NOW + 59) == (short, long)
    assert known.current(ALICE, NOW + 60) == (long,)


def test_rows_are_written_for_what_changes_only() -> None:
    known = Bindings()
    stays, moves, goes = binding("a1"), binding("a2"), binding("a3")
    assert put(known, stays, moves, goes).rows == [row(None, stays), row(None, moves), row(None, goes)]
    moved, comes = replace(moves, cseq=9), binding("a4")
    changes = put(known, stays, moved, comes)
    assert changes.rows == [row(moves, moved), row(None, comes), row(goes, None)]
    changes.undo()
    assert known.at(ALICE) == (stays, moves, goes)


def test_aors_are_in_order_and_go_with_their_last_binding() -> None:
    known = Bindings()
    put(known, binding(aor=BOB))
    put(known, binding())
    assert list(known.aors()) == [ALICE, BOB]
    known.put(Changes(), ALICE, ())
    assert list(known.aors()) == [BOB]


def test_tokens_are_known_while_they_are_bound() -> None:
    known = Bindings()
    mine, same_phone = binding(push=fcm("t")), binding("b1", aor=BOB, push=fcm("t"))
    put(known, same_phone)
    changes = put(known, mine)
    assert known.with_token(TOKEN) == (ALICE, BOB)
    put(known, replace(mine, cseq=2))
    assert known.with_token(TOKEN) == (ALICE, BOB)
    put(known, replace(mine, push=apns(voip="v")))
    assert known.with_token(TOKEN) == (BOB,)
    changes.undo()
    known.put(Changes(), BOB, ())
    assert known.with_token(TOKEN) == ()
    assert known._by_token == {}


def test_load_puts_bindings_where_they_belong() -> None:
    known, other = Bindings(), Bindings()
    first, second = binding("a1", push=fcm("t")), binding("a2", wall=NOW + 1)
    for each in (second, first):
        known.load(each)
    put(other, first, second)
    assert known.at(ALICE) == other.at(ALICE) == (first, second)
    assert known.with_token(TOKEN) == (ALICE,)


def take_due(known: Bindings, wall: float) -> list[str]:
    taken = []
    while (due := known.next_due(wall)) is not None:
        taken.append(due.id)
        others = [b for b in known.at(due.aor) if b.id != due.id]
        known.put(Changes(), due.aor, [*others, replace(due, refresh_at=None)])
    return taken


def test_what_was_due_longest_comes_first_over_all_aors() -> None:
    known = Bindings()
    push = fcm("t")
    put(
        known,
        binding("a1", push=push, refresh_at=NOW + 1),
        binding("a2", push=push, refresh_at=NOW + 5),
        binding("a3", push=push, refresh_at=NOW + 90),
        binding("a4"),
    )
    put(known, binding("b1", aor=BOB, push=push, refresh_at=NOW + 3))
    assert known.next_due(NOW + 0.9) is None
    assert take_due(known, NOW + 50) == ["a1", "b1", "a2"]
    assert take_due(known, NOW + 90) == ["a3"]


def test_one_that_was_put_off_comes_at_its_new_time() -> None:
    known = Bindings()
    first, other = binding("a1", push=fcm("t"), refresh_at=NOW + 1), binding("b1", aor=BOB, push=fcm("u"))
    put(known, first)
    put(known, replace(other, refresh_at=NOW + 30))
    put(known, replace(first, refresh_at=NOW + 50))
    assert take_due(known, NOW + 49) == ["b1"]
    assert take_due(known, NOW + 50) == ["a1"]


def test_an_expired_one_is_never_due() -> None:
    known = Bindings()
    put(known, binding("a1", push=fcm("t"), refresh_at=NOW + 1, expires=60))
    assert known.next_due(NOW + 60) is None


def test_an_undone_take_is_due_again() -> None:
    known = Bindings()
    put(known, binding("a1", push=fcm("t"), refresh_at=NOW + 1))
    due = known.next_due(NOW + 2)
    assert due is not None
    put(known, replace(due, refresh_at=NOW + 60)).undo()
    assert take_due(known, NOW + 2) == ["a1"]


def test_those_that_expired_first_come_first() -> None:
    known = Bindings()
    put(known, binding("a1", expires=60), binding("a2", expires=20), binding("a3"))
    put(known, binding("b1", aor=BOB, expires=40))
    put(known, replace(binding("b1", aor=BOB), expires_at=NOW + 45))
    swept = []
    while (expired := known.next_expired(NOW + 60)) is not None:
        swept.append(expired.id)
        known.put(Changes(), expired.aor, [b for b in known.at(expired.aor) if b.id != expired.id])
    assert swept == ["a2", "b1", "a1"]
    assert [b.id for b in known.at(ALICE)] == ["a3"]


def test_an_aor_that_was_emptied_meanwhile_has_nothing_expired() -> None:
    known = Bindings()
    put(known, binding("a1", expires=20))
    known.put(Changes(), ALICE, ())
    assert known.next_expired(NOW + 60) is None


def test_a_phone_that_registers_all_day_leaves_no_trail() -> None:
    known = Bindings()
    for minute in range(1000):
        put(known, binding("a1", wall=NOW + 60 * minute, push=fcm("t"), refresh_at=NOW + 60 * minute + 3000))
    assert (len(known._expiry._heap), len(known._due._heap)) == (1, 1)
