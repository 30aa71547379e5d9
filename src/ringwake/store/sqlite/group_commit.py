"""From applied operations to durable ones: one batch is in flight, the next one collects meanwhile.

Invariant: the image is what the disk holds, plus the batch in flight, plus what is pending. When a batch fails, both
are undone and the image is what the disk holds again.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Iterable
from typing import NamedTuple

import msgspec

from ringwake.model.store_ops import Failed
from ringwake.store.rows import Row, Table
from ringwake.store.sqlite.codec import Codec
from ringwake.store.sqlite.journal import Journal
from ringwake.store.sqlite.writer import TABLES, Answer, pack

MAX_BATCH_ROWS = 512
"""More are split, so that building one batch holds the loop for a few milliseconds only."""
MAX_PENDING = 100_000
"""Operations that may wait for the disk."""
RETRY_SECONDS = 1.0
"""After a failure the disk is tried again so often, also when nobody submits anything."""

_NUMBERS = {Table(name): number for number, name in enumerate(TABLES)}


class Entry(NamedTuple):
    """An operation that is applied, and not yet durable."""

    rows: list[Row]
    undo: Callable[[], None]
    answer: Callable[[Failed | None], None] | None
    """Tells its submitter: None when it is durable."""


class GroupCommit:
    """Entries go in by `add` and `arrange`, and are answered in the same order, each once."""

    def __init__(self, codec: Codec, group_seconds: float) -> None:
        self.is_held = False
        """A callback is running: what it submits is arranged when it has returned."""
        self.last_error = ""
        self._codec = codec
        self._group_seconds = group_seconds
        self._loop = asyncio.get_running_loop()
        self._journal: Journal | None = None
        self._pending: deque[Entry] = deque()
        self._flying: list[Entry] = []
        self._is_flying = False
        self._sent: dict[tuple[Table, str], Row] = {}
        # Rows of a batch of which nobody knows whether it is on disk: written back before anything else is written.
        self._repair: dict[tuple[Table, str], Row] = {}
        self._flushed_at = -group_seconds
        self._flush_handle: asyncio.Handle | None = None
        self._retry_handle: asyncio.Handle | None = None
        self._idle = asyncio.Event()

    @property
    def is_full(self) -> bool:
        """Whether so many entries are pending that no more should be added."""
        return len(self._pending) >= MAX_PENDING

    async def start(self, journal: Journal) -> None:
        """Start the writer and try the disk; `last_error` tells how it went."""
        self._journal = journal
        self._flush()
        try:
            await self._until_idle()
        except BaseException:
            journal.kill()
            self._stop_timers()
            raise

    async def close(self) -> None:
        """Write what is pending, and end the writer."""
        assert self._journal is not None
        self._group_seconds = 0.0
        try:
            if self._flush_handle is not None:
                self._flush_handle.cancel()
                self._flush()
            await self._until_idle()
            if self._repair:
                self._flush()
                await self._until_idle()
        finally:
            try:
                await self._journal.close()
            finally:
                self._stop_timers()

    def add(self, entry: Entry) -> None:
        """Queue an entry; `arrange` must follow."""
        self._pending.append(entry)

    def arrange(self) -> None:
        """Answer what needs no disk, and see to it that the rest is written."""
        if self.is_held or self._is_flying:
            return
        # Reads are durable when all is that was written before them.
        while self._pending and not self._pending[0].rows:
            self._call([self._pending.popleft()], None)
        if self._pending and self._flush_handle is None:
            wait = self._flushed_at + self._group_seconds - self._loop.time()
            # Not at once: what else this turn of the loop brings goes into the same batch.
            later = self._loop.call_soon(self._flush) if wait <= 0 else self._loop.call_later(wait, self._flush)
            self._flush_handle = later
        if not self._pending:
            self._idle.set()

    def answered(self, answer: Answer, reason: str) -> None:
        """Hear from the writer what became of the batch."""
        flying, self._flying, self._is_flying = self._flying, [], False
        sent, self._sent = self._sent, {}
        if answer is Answer.COMMITTED:
            self.last_error = ""
            self._repair = {}
            self._call(flying, None)
        else:
            self.last_error = reason
            if answer is Answer.DOUBTFUL and not self._repair:
                self._repair = {place: row._replace(before=None, after=row.before) for place, row in sent.items()}
            self._fail([*flying, *self._pending], Failed(reason))
        self.arrange()

    async def _until_idle(self) -> None:
        while self._is_flying or self._pending:
            self._idle.clear()
            await self._idle.wait()

    def _stop_timers(self) -> None:
        for handle in (self._flush_handle, self._retry_handle):
            if handle is not None:
                handle.cancel()

    def _flush(self) -> None:
        assert self._journal is not None
        self._flush_handle = None
        if self._is_flying:
            return
        self._flushed_at = self._loop.time()
        self._sent = self._repair or self._take()
        self._is_flying = True
        try:
            body = pack(self._fields(self._sent.values()))
        except (ValueError, TypeError, msgspec.MsgspecError) as error:
            self.answered(Answer.REFUSED, f"a row cannot be written: {type(error).__name__}")
            return
        self._journal.write(body)

    def _take(self) -> dict[tuple[Table, str], Row]:
        """Take entries for one batch; of rows that changed several times only the first and the last value count."""
        rows: dict[tuple[Table, str], Row] = {}
        while self._pending and len(rows) < MAX_BATCH_ROWS:
            entry = self._pending.popleft()
            self._flying.append(entry)
            for row in entry.rows:
                place = row.table, row.key
                known = rows.get(place)
                rows[place] = row if known is None else known._replace(after=row.after)
        return rows

    def _fields(self, rows: Iterable[Row]) -> Iterable[tuple[int, bytes, bytes | None, bytes | None]]:
        for row in rows:
            record = self._codec.encode(row)
            yield _NUMBERS[record.table], record.key, record.state, record.sealed

    def _fail(self, entries: list[Entry], failed: Failed) -> None:
        self._pending.clear()
        for entry in reversed(entries):
            entry.undo()
        if self._retry_handle is not None:
            self._retry_handle.cancel()
        self._retry_handle = self._loop.call_later(RETRY_SECONDS, self._retry)
        self._call(entries, failed)

    def _retry(self) -> None:
        self._retry_handle = None
        if self.last_error and not self._is_flying:
            self._flush()

    def _call(self, entries: list[Entry], failed: Failed | None) -> None:
        self.is_held = True
        for entry in entries:
            if entry.answer is None:
                continue
            try:
                entry.answer(failed)
            except Exception as error:  # noqa: BLE001  # the others' answers must not depend on it
                self._loop.call_exception_handler({"message": "a callback of the store raised", "exception": error})
        self.is_held = False
