"""The database file before the writer has it: made or checked, read, and sealed anew after a change of keys."""

from __future__ import annotations

import gc
import os
import sqlite3
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from ringwake.model.ports import StoreError
from ringwake.store.rows import Table, Value
from ringwake.store.sqlite.codec import Codec
from ringwake.store.sqlite.writer import connect

SCHEMA_VERSION = 1
_CREATE = """
BEGIN IMMEDIATE;
CREATE TABLE schema (version INTEGER NOT NULL, tries INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE record (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    state TEXT NOT NULL,
    sealed BLOB,
    PRIMARY KEY (kind, key)
) STRICT;
"""
_READ = "SELECT rowid, kind, key, state, coalesce(sealed, x'') FROM record"
_RENEW = "UPDATE record SET sealed = ? WHERE rowid = ?"


class Database:
    """The file of a store, from its lock on until the writer takes over."""

    def __init__(self, path: Path, codec: Codec, note_fault: Callable[[str], None]) -> None:
        self._path = path
        self._codec = codec
        self._note_fault = note_fault
        self._faults: Counter[str] = Counter()
        self._renewed: list[tuple[bytes, int]] = []

    def read(self) -> list[Value]:
        """Return all that can be read; the rest stays on disk and is reported, in one line for each kind of fault.

        Raises:
            StoreError: it is no database of ours, or of a newer ringwake, or it cannot be opened.
        """
        self._faults.clear()
        self._renewed.clear()
        try:
            _restrict(self._path)
            connection = connect(str(self._path))
        except (OSError, sqlite3.Error) as error:
            raise StoreError(f"{self._path} cannot be opened: {error}; {_mend(error)}") from error
        try:
            self._check(connection)
            with _without_gc():
                values = list(self._values(connection))
            self._renew(connection)
        except sqlite3.Error as error:
            raise StoreError(f"{self._path} cannot be read: {error}; {_mend(error)}") from error
        finally:
            connection.close()
        for fault, count in self._faults.items():
            self._note_fault(f"{self._path}: {fault}; {count} such, skipped, kept on disk")
        return values

    def _check(self, connection: sqlite3.Connection) -> None:
        tables = {name for (name,) in connection.execute("SELECT name FROM sqlite_schema WHERE type = 'table'")}
        if not tables:
            connection.executescript(_CREATE)
            connection.execute("INSERT INTO schema (version) VALUES (?)", (SCHEMA_VERSION,))
            connection.execute("COMMIT")
            return
        found = connection.execute("SELECT version FROM schema").fetchone() if "schema" in tables else None
        if found is None or "record" not in tables:
            raise StoreError(f"{self._path} is a database, but not one of ringwake: name another file")
        if found[0] > SCHEMA_VERSION:
            raise StoreError(
                f"{self._path} was written by a newer ringwake (schema {found[0]}, this one knows {SCHEMA_VERSION}): "
                "run that version, or put back a backup from before it"
            )

    def _values(self, connection: sqlite3.Connection) -> Iterator[Value]:
        connection.text_factory = bytes
        try:
            for rowid, kind, key, state, sealed in connection.execute(_READ):
                try:
                    table = Table(kind.decode())
                    value = self._codec.decode(table, key, state, sealed)
                    renewed = self._codec.renew(table, key, sealed)
                except ValueError as error:
                    self._faults[f"a row of {kind.decode('ascii', 'replace')} cannot be read: {error}"] += 1
                else:
                    if renewed is not None:
                        self._renewed.append((renewed, rowid))
                    yield value
        except sqlite3.DatabaseError as error:
            # A broken page: what was read so far is worth more than a server that does not start.
            self._faults[f"the rest of it cannot be read: {error}; {_mend(error)}"] += 1

    def _renew(self, connection: sqlite3.Connection) -> None:
        try:
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_RENEW, self._renewed)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._faults[f"rows cannot be sealed with the first key: {error}; keep the other keys"] += 1


@contextmanager
def _without_gc() -> Iterator[None]:
    """Nothing that is read here is garbage, and looking for it more than doubles the time."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _restrict(path: Path) -> None:
    """Make sure that the file is there and nobody else may read it; SQLite gives its WAL the same mode."""
    file = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        os.fchmod(file, 0o600)
    finally:
        os.close(file)


def _mend(error: Exception) -> str:
    if isinstance(error, OSError):
        return "its folder must exist and be ours"
    match getattr(error, "sqlite_errorname", ""):
        case "SQLITE_BUSY":
            return "another program has it open: end that one"
        case "SQLITE_NOTADB" | "SQLITE_CORRUPT":
            return "put back a backup, or save what can be read with `sqlite3 FILE .recover`"
        case "SQLITE_FULL":
            return "make room on the disk"
        case _:
            return "see to the disk"
