"""What one operation has changed: the rows to write, and the way back."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ParamSpec, TypeAlias

from ringwake.store.rows import Row, Value, row

P = ParamSpec("P")
Steps: TypeAlias = "dict[type, Callable[[Any, Changes], object]]"
"""What applies each type of operation; the result is that of the operation."""


class Changes:
    """Filled by the parts of the image while an operation is applied."""

    __slots__ = ("_back", "rows")

    def __init__(self) -> None:
        self.rows: list[Row] = []
        """In the order in which they were changed; one row may stand here several times."""
        self._back: list[Callable[[], None]] = []

    def write(self, before: Value | None, after: Value | None) -> None:
        """Note that a row has changed."""
        self.rows.append(row(before, after))

    def way_back(self, step: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Note the call that takes the latest change back."""
        self._back.append(partial(step, *args, **kwargs))

    def undo(self) -> None:
        """Take everything back, the latest change first."""
        while self._back:
            self._back.pop()()
