"""The rows of one operation, and its way back."""

from __future__ import annotations

from tests.store.samples import call

from ringwake.store.changes import Changes
from ringwake.store.rows import row


def test_rows_stand_in_their_order() -> None:
    changes = Changes()
    first, second = call(1), call(2)
    changes.write(None, first)
    changes.write(first, second)
    assert changes.rows == [row(None, first), row(first, second)]


def test_the_way_back_begins_with_the_latest_change_and_is_gone_once() -> None:
    done: list[int] = []
    changes = Changes()
    changes.way_back(done.append, 1)
    changes.way_back(done.append, 2)
    changes.undo()
    changes.undo()
    assert done == [2, 1]
