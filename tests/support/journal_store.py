"""A store that keeps rows as a disk does, without one: what a new process would read can be read in virtual time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ringwake.model.store_ops import Failed, Op
from ringwake.store import door
from ringwake.store.image import Image
from ringwake.store.rows import Row

R = TypeVar("R")


class JournalStore:
    """Implements `Store`. Everything is durable at once."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Row] = {}
        self._image = Image()

    def submit(
        self,
        op: Op[R],
        applied: Callable[[R], None] | None = None,
        durable: Callable[[R | Failed], None] | None = None,
    ) -> None:
        step = self._image.apply(op)
        self._rows |= {(row.table, row.key): row for row in step.rows}
        if applied is not None:
            applied(step.result)
        if durable is not None:
            durable(step.result)

    async def do(self, op: Op[R]) -> R:
        return await door.do(self, op)

    async def close(self) -> None:
        """Nothing is open."""

    def reload(self) -> None:
        """Forget all but the rows, and begin anew with them, as a process does that starts."""
        self._image = Image()
        self._image.load(row.after for row in self._rows.values() if row.after is not None)
