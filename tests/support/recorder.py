"""A listener that remembers what transports report to it, and lets a test wait for that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringwake.net.transport import Batch
from ringwake.sip.flow import Flow


class Recorder:
    """Implements `Listener`."""

    def __init__(self) -> None:
        self.batches: list[Batch] = []
        self.open: list[Flow] = []
        """All that were ever opened, in order."""
        self.gone: list[Flow] = []
        self.rules: list[str] = []
        """Of octets that were no message."""
        self.answer: Callable[[Flow, bytes], None] = lambda *_: None
        """Called with each message."""
        self._changed = asyncio.Event()

    @property
    def messages(self) -> list[bytes]:
        """All that was received, in order."""
        return [octets for batch in self.batches for _, octets in batch]

    @property
    def flows(self) -> list[Flow]:
        """The flow of each message."""
        return [flow for batch in self.batches for flow, _ in batch]

    def receive(self, batch: Batch) -> None:
        self.batches.append(batch)
        for flow, octets in batch:
            self.answer(flow, octets)
        self._changed.set()

    def opened(self, flow: Flow) -> None:
        self.open.append(flow)
        self._changed.set()

    def closed(self, flow: Flow) -> None:
        self.gone.append(flow)
        self._changed.set()

    def unreadable(self, rule: str) -> None:
        self.rules.append(rule)
        self._changed.set()

    async def until(self, is_so: Callable[[], object]) -> None:
        """Wait until the condition holds; it is asked after each report."""
        while not is_so():
            self._changed.clear()
            await self._changed.wait()

    async def until_received(self, count: int) -> None:
        """Wait until that many messages have come, since the beginning."""
        await self.until(lambda: len(self.messages) >= count)
