"""Who is told what our programs and their callers do, without the doing of a test."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from tests.support.processes import Program


class Watcher(Protocol):
    """Is told."""

    def starts(self, arguments: tuple[str, ...], state: Path, log: Path | None) -> Path | None:
        """Hear that a program of ours is to start; return the file for its standard error, None for ours."""
        ...

    def stops(self, program: Program) -> None:
        """Hear that a program is to stop, which still runs."""
        ...

    def stopped(self, program: Program) -> None:
        """Hear that a program has ended."""
        ...

    def hears(self, who: str, text: str) -> None:
        """Hear what somebody got to read who is told no secret."""
        ...

    def learns(self, token: str) -> None:
        """Hear of a push token."""
        ...


WATCHERS: list[Watcher] = []
