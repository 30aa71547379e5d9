"""The default store: the image in memory, and each change of it in one SQLite file before it is acknowledged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TypeVar

from ringwake.model.store_ops import Failed, Op
from ringwake.secret import Secret
from ringwake.store import door
from ringwake.store.image import Image
from ringwake.store.sqlite.codec import Codec
from ringwake.store.sqlite.database import Database
from ringwake.store.sqlite.group_commit import Entry, GroupCommit
from ringwake.store.sqlite.journal import Journal
from ringwake.store.sqlite.lock import Lock
from ringwake.store.sqlite.sealing import RowSeal

R = TypeVar("R")


class SqliteStore:
    """Use `await SqliteStore.open(...)`."""

    def __init__(self, image: Image, commits: GroupCommit, lock: Lock) -> None:
        self._image = image
        self._commits = commits
        self._lock = lock
        self._is_closed = False

    @classmethod
    async def open(
        cls,
        path: Path,
        *,
        keys: Sequence[Secret[bytes]],
        note_fault: Callable[[str], None],
        group_seconds: float = 0.0,
        max_pages: int = 0,
    ) -> SqliteStore:
        """Open the database, making it if there is none, and read all of it before the loop goes on.

        The folder must exist and should be 0700. `keys` are 32 octets each: the first encrypts, all decrypt.
        `note_fault` hears of rows that cannot be read and of a disk that cannot be written: neither keeps the store
        from opening. Two batches begin at least `group_seconds` apart. The file grows to `max_pages` pages of 4 KiB,
        0 for as many as fit on the disk.

        Raises:
            StoreInUseError: another process owns the database.
            StoreError: it cannot be opened, or is not ours, or a newer ringwake wrote it.
        """
        codec = Codec(RowSeal(keys))
        lock = Lock(path)
        try:
            image = Image()
            image.load(Database(lock.database, codec, note_fault).read())
            commits = GroupCommit(codec, group_seconds)
            await commits.start(Journal(lock.database, max_pages=max_pages, answered=commits.answered))
        except BaseException:
            lock.release()
            raise
        if commits.last_error:
            note_fault(f"{lock.database} can be read, but not written: {commits.last_error}")
        return cls(image, commits, lock)

    @property
    def healthy(self) -> bool:
        """Whether the last batch was made durable."""
        return not self._commits.last_error

    @property
    def last_error(self) -> str:
        """Why the last batch could not be made durable; empty while all is well."""
        return self._commits.last_error

    def submit(
        self,
        op: Op[R],
        applied: Callable[[R], None] | None = None,
        durable: Callable[[R | Failed], None] | None = None,
    ) -> None:
        """See `Store.submit`. Reads are durable at once when nothing that was written before them is pending."""
        commits = self._commits
        if self._is_closed or commits.is_full:
            reason = "the store is closed" if self._is_closed else "too many operations wait for the disk"
            if durable is not None:
                durable(Failed(reason))
            return
        step = self._image.apply(op)
        answer = None if durable is None else partial(_answer, durable, step.result)
        commits.add(Entry(step.rows, step.undo, answer))
        was_held, commits.is_held = commits.is_held, True
        try:
            if applied is not None:
                applied(step.result)
        finally:
            commits.is_held = was_held
            commits.arrange()

    async def do(self, op: Op[R]) -> R:
        """See `Store.do`."""
        return await door.do(self, op)

    async def close(self) -> None:
        """See `Store.close`. What is submitted from now on fails."""
        if self._is_closed:
            return
        self._is_closed = True
        try:
            await self._commits.close()
        finally:
            self._lock.release()


def _answer(durable: Callable[[R | Failed], None], result: R, failed: Failed | None) -> None:
    durable(result if failed is None else failed)
