"""The writer process: the only one that writes to the database while a store is open.

It is run by its path, alone (`python -I -S writer.py`): only the standard library may be imported here, so that it
starts in 30 ms and does not care how its parent found ringwake. A thread would do in an idle server; beside a busy
loop it gets the GIL too seldom (docs/adr/0005-store.md has the figures).

Both directions are frames of a length (u32) and a body. A request is a batch, which is committed as one transaction:
for each record the table's number (u8), then the lengths (i32) of key, state and sealed part, then these. -1 stands
for None: without state the row goes, without sealed part the old one stays. A batch without records tries the disk.
An answer is its first octet, a word of `Answer`, and the reason as text. The end of the stream ends the process.
"""

from __future__ import annotations

import os
import signal
import socket
import sqlite3
import sys
from collections.abc import Iterable, Iterator
from contextlib import suppress
from enum import IntEnum
from struct import Struct

TABLES = ("binding", "subscription", "call", "message", "account", "upload", "history", "settings", "once")
"""A table's number in a frame is its place here."""
LENGTH = Struct("!I")
_HEAD = Struct("!Biii")

_UPSERT = """
INSERT INTO record (kind, key, state, sealed) VALUES (?, CAST(? AS TEXT), CAST(? AS TEXT), ?)
ON CONFLICT (kind, key) DO UPDATE SET state = excluded.state, sealed = coalesce(excluded.sealed, sealed)
"""
_DELETE = "DELETE FROM record WHERE kind = ? AND key = CAST(? AS TEXT)"
_TRY = "UPDATE schema SET tries = tries + 1"

IDLE_SECONDS = 0.05
"""After so long without work the WAL is copied into the database, if there are `IDLE_PAGES` in it."""
IDLE_PAGES = 256
WAL_PAGES = 1024
"""With so many it is done between two batches: 20 ms when they lie apart. Four times as many are 70 ms."""

Fields = tuple[int, bytes, bytes | None, bytes | None]


class Answer(IntEnum):
    """What became of a batch."""

    COMMITTED = 0
    REFUSED = 1
    """Nothing of it is on disk."""
    DOUBTFUL = 2
    """It may be on disk: the error came from COMMIT itself, and a WAL that is read again may hold it."""


def pack(records: Iterable[Fields]) -> bytes:
    """Build the body of a request."""
    parts: list[bytes] = []
    for table, key, state, sealed in records:
        lengths = (-1 if state is None else len(state), -1 if sealed is None else len(sealed))
        parts += (_HEAD.pack(table, len(key), *lengths), key, state or b"", sealed or b"")
    return b"".join(parts)


def unpack(body: bytes) -> Iterator[Fields]:
    """Read the body of a request."""
    at = 0

    def take(length: int) -> bytes | None:
        nonlocal at
        start, at = at, at + max(length, 0)
        return None if length < 0 else body[start:at]

    while at < len(body):
        table, key_length, state_length, sealed_length = _HEAD.unpack_from(body, at)
        at += _HEAD.size
        yield table, take(key_length) or b"", take(state_length), take(sealed_length)


def connect(path: str, timeout: float = 10.0) -> sqlite3.Connection:
    """Open a database for ourselves alone, waiting for a writer whose parent has died to finish.

    Exclusive locking keeps everybody else out: SQLite before 3.51.3 can lose what is in the WAL when two connections
    checkpoint. It also needs no -shm file.
    """
    connection = sqlite3.connect(path, timeout=timeout, isolation_level=None)
    try:
        for pragma in (
            "PRAGMA locking_mode = EXCLUSIVE",
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "PRAGMA wal_autocheckpoint = 0",
            "PRAGMA journal_size_limit = 16777216",
        ):
            connection.execute(pragma).fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


class Writer:
    """Commits batches, one after the other."""

    def __init__(self, path: str, max_pages: int) -> None:
        self._path = path
        self._max_pages = max_pages
        self._connection: sqlite3.Connection | None = None
        self._wal_pages = 0

    def commit(self, body: bytes) -> tuple[Answer, str]:
        """Commit one batch and say what became of it."""
        is_begun = False
        try:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            self._write(connection, body)
            is_begun = True
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            is_full = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_FULL
            if not is_full or not self._roll_back():
                self.close()
            return (
                Answer.DOUBTFUL if is_begun and not is_full else Answer.REFUSED
            ), f"{error.sqlite_errorname}: {error}"
        return Answer.COMMITTED, ""

    def checkpoint(self, *, least: int) -> None:
        """Copy the WAL into the database if it has that many pages. A failure waits for the next time."""
        if self._connection is not None and self._wal_pages >= least:
            self._wal_pages = 0
            with suppress(sqlite3.Error):
                self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchall()

    def close(self) -> None:
        """Close the database. SQLite copies the WAL and removes it."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(sqlite3.Error):
                connection.close()

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = connect(self._path)
            if self._max_pages:
                self._connection.execute(f"PRAGMA max_page_count = {self._max_pages:d}").fetchall()
        return self._connection

    def _write(self, connection: sqlite3.Connection, body: bytes) -> None:
        upserts: list[tuple[str, bytes, bytes, bytes | None]] = []
        deletes: list[tuple[str, bytes]] = []
        for table, key, state, sealed in unpack(body):
            if state is None:
                deletes.append((TABLES[table], key))
            else:
                upserts.append((TABLES[table], key, state, sealed))
        if not body:
            connection.execute(_TRY)
        connection.executemany(_UPSERT, upserts)
        connection.executemany(_DELETE, deletes)
        self._wal_pages += len(upserts) + len(deletes) + len(body) // 4096

    def _roll_back(self) -> bool:
        connection = self._connection
        try:
            if connection is not None and connection.in_transaction:
                connection.execute("ROLLBACK")
        except sqlite3.Error:
            return False
        return True


def serve(writer: Writer, requests: socket.socket) -> None:
    """Commit what comes until the stream ends, then close the database."""
    try:
        while (body := _receive(writer, requests)) is not None:
            answer, reason = writer.commit(body)
            text = bytes([answer]) + reason.encode("utf-8", "replace")
            requests.sendall(LENGTH.pack(len(text)) + text)
            writer.checkpoint(least=WAL_PAGES)
    except OSError:
        pass  # The store has gone. What it had sent as a whole is committed.
    finally:
        writer.close()


def _receive(writer: Writer, requests: socket.socket) -> bytes | None:
    requests.settimeout(IDLE_SECONDS)
    try:
        head = requests.recv(LENGTH.size)
    except TimeoutError:
        writer.checkpoint(least=IDLE_PAGES)
        requests.settimeout(None)
        head = requests.recv(LENGTH.size)
    requests.settimeout(None)
    head += _exactly(requests, LENGTH.size - len(head)) if head else b""
    if len(head) < LENGTH.size:
        return None
    (length,) = LENGTH.unpack(head)
    body = _exactly(requests, length)
    return body if len(body) == length else None


def _exactly(requests: socket.socket, length: int) -> bytes:
    """Receive so many octets; fewer when the stream ends."""
    body = bytearray()
    while len(body) < length and (chunk := requests.recv(length - len(body))):
        body += chunk
    return bytes(body)


def main() -> None:
    """Serve the socket that is our standard input; arguments are the path and the most pages it may have."""
    # Who ends us is the end of the stream: a Ctrl-C or a stopped service must not take the last batch.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.umask(0o077)
    serve(Writer(sys.argv[1], int(sys.argv[2])), socket.socket(fileno=0))
    os._exit(0)  # The store waits for us.


if __name__ == "__main__":
    main()
