"""Push targets that came over HTTP."""

from __future__ import annotations

from tests.store.samples import ALICE, BOB, NOW, fcm, upload

from ringwake.model.upload import Upload
from ringwake.store.changes import Changes
from ringwake.store.rows import row
from ringwake.store.uploads import MAX_UPLOADS, Uploads


def put(known: Uploads, value: Upload) -> Changes:
    changes = Changes()
    known.put(changes, value)
    return changes


def test_each_instance_has_one_and_the_newest_counts() -> None:
    known = Uploads()
    old, other, new = upload("<urn:1>"), upload(at=NOW + 1), upload("<urn:1>", push=fcm("new"), at=NOW + 2)
    put(known, old)
    put(known, other)
    changes = put(known, new)
    assert known.at(ALICE) == (other, new)
    assert (known.find(ALICE, "<urn:1>"), known.find(ALICE, ""), known.find(BOB, "")) == (new, other, None)
    assert changes.rows == [row(old, new)]
    changes.undo()
    assert known.at(ALICE) == (old, other)


def test_the_oldest_makes_room() -> None:
    known = Uploads()
    kept = [upload(f"<urn:{number}>", at=NOW + number) for number in range(MAX_UPLOADS)]
    for each in kept:
        put(known, each)
    more = upload(at=NOW + 99)
    changes = put(known, more)
    assert known.at(ALICE) == (*kept[1:], more)
    assert changes.rows == [row(kept[0], None), row(None, more)]
    changes.undo()
    assert known.at(ALICE) == tuple(kept)


def test_all_go_at_once() -> None:
    known = Uploads()
    first, second = upload("<urn:1>"), upload("<urn:2>")
    put(known, first)
    put(known, second)
    changes = Changes()
    known.remove(changes, ALICE)
    assert (known.at(ALICE), changes.rows) == ((), [row(first, None), row(second, None)])
    changes.undo()
    assert known.at(ALICE) == (first, second)


def test_load_restores_their_order() -> None:
    known = Uploads()
    for at, instance in ((2, "<urn:1>"), (1, "<urn:2>"), (2, "")):
        known.load(upload(instance, at=NOW + at))
    assert [each.instance for each in known.at(ALICE)] == ["<urn:2>", "", "<urn:1>"]
