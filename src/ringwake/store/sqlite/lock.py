"""One process owns a database: a lock file beside it says so."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from ringwake.model.ports import StoreError


class StoreInUseError(StoreError):
    """Another process, or another store of this one, owns the database."""


class Lock:
    """Held from the constructor until `release`, or until the process dies however it may die."""

    def __init__(self, database: Path) -> None:
        """Take the lock of this database.

        Raises:
            StoreInUseError: somebody else has it.
            StoreError: the lock file cannot be written.
        """
        self.database = database.resolve()
        """Its path without symbolic links, so that one file has one lock."""
        path = self.database.with_name(f"{self.database.name}.lock")
        try:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise StoreError(f"{path} cannot be opened: {error.strerror}; the folder must exist and be ours") from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            owner = os.pread(self._file, 20, 0).decode("ascii", "replace").strip() or "unknown"
            os.close(self._file)
            raise StoreInUseError(
                f"{self.database} is in use by process {owner}: stop that one, or reach its data through its HTTP API"
            ) from error
        os.truncate(self._file, 0)
        os.pwrite(self._file, f"{os.getpid()}\n".encode("ascii"), 0)

    def release(self) -> None:
        """Let go. The file stays: removing it would let two processes lock two files of the same name."""
        os.close(self._file)
