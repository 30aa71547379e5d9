"""A store that trusts nothing: it undoes each step and takes it again, and reads itself back from its records."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TypeVar

from tests.store.dump import dump

from ringwake.model.store_ops import Failed, Op, TakeDue
from ringwake.secret import Secret
from ringwake.store import door
from ringwake.store.image import Image
from ringwake.store.rows import Table
from ringwake.store.sqlite.codec import Codec
from ringwake.store.sqlite.sealing import RowSeal

R = TypeVar("R")


class ReloadingStore:
    """The image and the codec without a disk: what SqliteStore is made of, thousands of steps a second."""

    def __init__(self) -> None:
        self._codec = Codec(RowSeal([Secret(b"k" * 32)]))
        self._disk: dict[tuple[Table, bytes], tuple[bytes, bytes]] = {}
        self._image = Image()

    def submit(
        self,
        op: Op[R],
        applied: Callable[[R], None] | None = None,
        durable: Callable[[R | Failed], None] | None = None,
    ) -> None:
        before, taken_at = dump(self._image), op.wall if isinstance(op, TakeDue) else -math.inf
        first = self._image.apply(op)
        first.undo()
        assert dump(self._image, taken_at=taken_at) == before, "undo does not lead back"
        step = self._image.apply(op)
        assert step.result == first.result
        for row in step.rows:
            record = self._codec.encode(row)
            place = record.table, record.key
            if record.state is None:
                del self._disk[place]
                continue
            sealed = self._disk[place][1] if record.sealed is None else record.sealed
            self._disk[place] = record.state, sealed
        live = dump(self._image, taken_at=taken_at)
        self._image = Image()
        self._image.load(self._codec.decode(*place, *parts) for place, parts in self._disk.items())
        assert dump(self._image) == live, "what is read back is not what was written"
        if applied is not None:
            applied(step.result)
        if durable is not None:
            durable(step.result)

    async def do(self, op: Op[R]) -> R:
        return await door.do(self, op)

    async def close(self) -> None:
        pass
