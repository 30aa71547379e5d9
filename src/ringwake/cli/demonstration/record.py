"""What happened in a scenario: who did what at which millisecond."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Step:
    """One line of a timeline."""

    at: float
    """The loop's time."""
    who: str
    what: str


@dataclass(slots=True, kw_only=True)
class Result:
    """One scenario, as `ringwake demo --json` prints it."""

    name: str
    provider: str
    user: str
    """Whose phone it happens to."""
    ok: bool = False
    rang: bool | None = None
    answered: bool | None = None
    invites_seen: int = 0
    pushes_seen: int = 0
    invite_to_push_ms: float | None = None
    register_to_invite_ms: float | None = None
    ring_delay_ms: float | None = None
    timeline: list[dict[str, Any]] = field(default_factory=list)
    reason: str = ""
    """Why it is not ok."""

    def as_json(self) -> dict[str, Any]:
        """Return it as JSON values."""
        return asdict(self)


class Record:
    """Collects steps; lets the play wait for what they bring."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._steps: list[Step] = []
        self._changed = asyncio.Event()
        self._start = self._loop.time()

    def begin(self) -> None:
        """Start a scenario: what came before it is not shown."""
        self._steps.clear()
        self._start = self._loop.time()

    def step(self, who: str, what: str, at: float | None = None) -> None:
        """Take a step."""
        self._steps.append(Step(self._loop.time() if at is None else at, who, what))
        self._changed.set()

    async def until(self, is_done: Callable[[], bool], seconds: float) -> bool:
        """Wait until something is the case; False when it is not in time."""
        try:
            async with asyncio.timeout(seconds):
                while not is_done():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            return False
        return True

    def timeline(self) -> list[dict[str, Any]]:
        """Return the steps in order, in milliseconds since the scenario began."""
        ordered = sorted(self._steps, key=lambda step: step.at)
        return [
            {"at_ms": round((step.at - self._start) * 1000, 1), "who": step.who, "what": step.what} for step in ordered
        ]
