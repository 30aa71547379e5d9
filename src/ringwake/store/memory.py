"""A store that forgets everything when the process ends: for tests, and for a laboratory without a disk."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from ringwake.model.store_ops import Failed, Op
from ringwake.store import door
from ringwake.store.image import Image

R = TypeVar("R")


class MemoryStore:
    """The image without a journal: what is applied is as durable as it gets, within the same `submit`."""

    def __init__(self) -> None:
        self._image = Image()
        self._answers: deque[Callable[[], None]] = deque()
        self._is_answering = False
        self._is_closed = False

    def submit(
        self,
        op: Op[R],
        applied: Callable[[R], None] | None = None,
        durable: Callable[[R | Failed], None] | None = None,
    ) -> None:
        """See `Store.submit`. Callbacks that submit are answered within the outermost `submit`, in order."""
        if self._is_closed:
            if durable is not None:
                durable(Failed("the store is closed"))
            return
        result = self._image.apply(op).result
        if durable is not None:
            self._answers.append(partial(durable, result))
        is_outermost, self._is_answering = not self._is_answering, True
        try:
            if applied is not None:
                applied(result)
        finally:
            if is_outermost:
                self._answer()

    async def do(self, op: Op[R]) -> R:
        """See `Store.do`."""
        return await door.do(self, op)

    async def close(self) -> None:
        """Refuse all further operations."""
        self._is_closed = True

    def _answer(self) -> None:
        try:
            while self._answers:
                self._answers.popleft()()
        finally:
            # What one callback raises must not take the others' answers.
            self._is_answering = bool(self._answers)
            if self._answers:
                self._answer()
