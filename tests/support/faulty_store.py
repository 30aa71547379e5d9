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
        self.is_full = False
        """Whether so much waits for the disk that nothing more is taken: not even applied."""
        self.submitted: list[Op[Any]] = []
        """All that were submitted, in order."""
        self.undone: list[Op[Any]] = []
        """Those that could not be made durable, or were not when the power went."""
        self._image = Image()
        self._waiting: deque[_Waiting] = deque()

    def submit(
        self,
        op: Op[R],
        applied: Callable[[R], None] | None = None,
        durable: Callable[[R | Failed], None] | None = None,
    ) -> None:
        self.submitted.append(op)
        if self.is_full:
            if durable is not None:
                durable(Failed("too many operations wait for the disk"))
            return
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

    def lose_power(self) -> None:
        """Forget what is not durable yet; nobody is told."""
        self._undo()

    def _settle(self) -> None:
        if not self._waiting:
            return
        if not isinstance(self._waiting[0].op, self.broken):
            first = self._waiting.popleft()
            if first.durable is not None:
                first.durable(first.step.result)
            return
        for waiting in self._undo():
            if waiting.durable is not None:
                waiting.durable(Failed("the disk is full"))

    def _undo(self) -> list[_Waiting]:
        undone, self._waiting = list(self._waiting), deque()
        for waiting in reversed(undone):
            waiting.step.undo()
        self.undone += [waiting.op for waiting in undone]
        return undone
