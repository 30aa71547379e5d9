"""The order of one call: what waits for the relay holds up what came after it, and nothing else."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(slots=True, eq=False)
class Turn:
    """A place in the line."""

    run: Callable[[], None] | None = None
    """What is to be done; None while that is not known yet."""


class Turns:
    """A line of what is to be done."""

    def __init__(self) -> None:
        self._line: deque[Turn] = deque()
        self._is_running = False

    @property
    def is_free(self) -> bool:
        """Whether nobody waits."""
        return not self._line

    def take(self) -> Turn:
        """Take the last place."""
        turn = Turn()
        self._line.append(turn)
        return turn

    def settle(self, turn: Turn, run: Callable[[], None]) -> None:
        """Say what is to be done, and do whatever is first in line now. `run` must not raise."""
        turn.run = run
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._line and (first := self._line[0].run) is not None:
                self._line.popleft()
                first()
        finally:
            self._is_running = False
