"""What the tests of the SQLite store share: opening one, looking at its file, and hurting its disk."""

from __future__ import annotations

import os
import resource
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from tests.store.dump import dump

from ringwake.secret import Secret
from ringwake.store.rows import Table, Value
from ringwake.store.sqlite.codec import Codec
from ringwake.store.sqlite.sealing import RowSeal
from ringwake.store.sqlite.store import SqliteStore

KEY, OTHER_KEY = Secret(b"k" * 32), Secret(b"o" * 32)


def no_fault(text: str) -> None:
    raise AssertionError(text)


async def open_store(
    path: Path,
    *keys: Secret[bytes],
    note_fault: Callable[[str], None] = no_fault,
    group_seconds: float = 0.0,
    max_pages: int = 0,
) -> SqliteStore:
    return await SqliteStore.open(
        path, keys=keys or [KEY], note_fault=note_fault, group_seconds=group_seconds, max_pages=max_pages
    )


@asynccontextmanager
async def opened(
    path: Path, *keys: Secret[bytes], note_fault: Callable[[str], None] = no_fault
) -> AsyncIterator[SqliteStore]:
    store = await open_store(path, *keys, note_fault=note_fault)
    try:
        yield store
    finally:
        await store.close()


def image_of(store: SqliteStore) -> dict[tuple[Table, str], Value]:
    return dump(store._image)


def writer_of(store: SqliteStore) -> int:
    journal = store._commits._journal
    assert journal is not None
    assert journal.pid is not None
    return journal.pid


def hurt_disk(store: SqliteStore, *, most_octets: int) -> None:
    """Have every write of the writer beyond so many octets of a file fail, as an I/O error."""
    resource.prlimit(writer_of(store), resource.RLIMIT_FSIZE, (most_octets, resource.RLIM_INFINITY))


def mend_disk(store: SqliteStore) -> None:
    resource.prlimit(writer_of(store), resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


def on_disk(path: Path, key: Secret[bytes] = KEY) -> dict[tuple[Table, str], Value]:
    """Read the rows of a closed database without any of its own code but the codec."""
    codec = Codec(RowSeal([key]))
    connection = sqlite3.connect(path)
    connection.text_factory = bytes
    try:
        rows = connection.execute("SELECT kind, key, state, coalesce(sealed, x'') FROM record").fetchall()
    finally:
        connection.close()
    return {
        (Table(kind.decode()), name.decode("utf-8", "surrogatepass")): codec.decode(Table(kind.decode()), name, *parts)
        for kind, name, *parts in rows
    }


def change(path: Path, statement: str, *values: object) -> None:
    """Change a closed database behind the store's back."""
    connection = sqlite3.connect(path)
    try:
        connection.execute(statement, values)
        connection.commit()
    finally:
        connection.close()


def octets_of(folder: Path) -> bytes:
    """Return all that an intruder finds in the folder."""
    return b"".join(file.read_bytes() for file in sorted(folder.iterdir()))


def modes_of(folder: Path) -> dict[str, int]:
    """Return the files of the folder by name, with who may do what."""
    return {file.name: file.stat().st_mode & 0o777 for file in sorted(folder.iterdir())}


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True
