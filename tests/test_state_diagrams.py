"""The picture of the transaction machines is that of the tables."""

from __future__ import annotations

import state_diagrams


def test_the_page_is_what_the_tables_say() -> None:
    assert state_diagrams.PAGE.read_text() == state_diagrams.page(), "run `make docs`"


def test_every_row_is_an_arrow() -> None:
    rows = sum(len(table) for table, _, _ in state_diagrams.MACHINES.values())
    ends = 2 * len(state_diagrams.MACHINES)
    assert state_diagrams.page().count(" --> ") == rows + ends
