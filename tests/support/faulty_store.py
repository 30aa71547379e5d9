"""A store whose disk a test slows down or breaks. The image is the real one; what fails is undone as the real does."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from ringwake.model.store_ops import Failed, Op
from ringwake.store import door
from ringwake.store.image import Image, Step

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class _Waiting:
    op: Op[Any]
    step: Step[Any]
    durable: Callable[[Any], None] | None


class FaultyStore:
    """Implements `Store`."""

    def __init__(self) -> None:
        self.delay = 0.0
        """Seconds until an operation is durable."""
        self.broken: tuple[type[Op[Any]], ...] = ()
        """Operations that cannot be made durable."""
        self.submitted: list[Op[Any]] = []
        """All that were submitted, in order."""
        self._image = Image()
        self._waiting: deque[_Waiting] = deque()

    def submit(
        self,
        op: Op[R],
        applied: Callable[[R], None] | None = None,
        durable: Callable[[R | Failed], None] | None = None,
    ) -> None:
        self.submitted.append(op)
        step = self._image.apply(op)
        self._waiting.append(_Waiting(op, step, durable))
        # First come, first durable: each call takes whatever has waited longest.
        asyncio.get_running_loop().call_later(self.delay, self._settle)
        if applied is not None:
            applied(step.result)

    async def do(self, op: Op[R]) -> R:
        return await door.do(self, op)

    async def close(self) -> None:
        """Nothing is open."""

    def _settle(self) -> None:
        if not self._waiting:
            return
        if not isinstance(self._waiting[0].op, self.broken):
            first = self._waiting.popleft()
            if first.durable is not None:
                first.durable(first.step.result)
            return
        failed, self._waiting = list(self._waiting), deque()
        for waiting in reversed(failed):
            waiting.step.undo()
        for waiting in failed:
            if waiting.durable is not None:
                waiting.durable(Failed("the disk is full"))
