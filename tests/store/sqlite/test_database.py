"""The file before the writer has it."""

from __future__ import annotations

import gc
import sqlite3
from collections import Counter
from contextlib import closing
from pathlib import Path

import pytest
from tests.store.samples import account, binding, call, fcm
from tests.store.sqlite.beside import KEY, OTHER_KEY, change, no_fault, on_disk

from ringwake.model.ports import StoreError
from ringwake.secret import Secret
from ringwake.store.rows import Value, row
from ringwake.store.sqlite import database as database_module
from ringwake.store.sqlite.codec import Codec
from ringwake.store.sqlite.database import Database
from ringwake.store.sqlite.sealing import RowSeal
from ringwake.store.sqlite.writer import Answer, Writer, connect, pack

FULL: list[Value] = [binding("a1", push=fcm("t")), binding("a2"), call(1), account()]


def read(path: Path, *keys: Secret[bytes], faults: list[str] | None = None) -> list[Value]:
    note_fault = no_fault if faults is None else faults.append
    return Database(path, Codec(RowSeal(keys or [KEY])), note_fault).read()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Return a database with some rows."""
    made = tmp_path / "r.db"
    read(made)
    codec = Codec(RowSeal([KEY]))
    numbers = {"binding": 0, "call": 2, "account": 4}
    records = [codec.encode(row(None, value)) for value in FULL]
    with closing(Writer(str(made), 0)) as writer:
        body = pack([(numbers[record.table], *record[1:]) for record in records])
        assert writer.commit(body)[0] is Answer.COMMITTED
    return made


def test_a_new_database_is_empty_and_nobody_elses(tmp_path: Path) -> None:
    made = tmp_path / "r.db"
    assert read(made) == []
    assert made.stat().st_mode & 0o777 == 0o600
    made.chmod(0o644)
    assert read(made) == []
    assert made.stat().st_mode & 0o777 == 0o600


def test_all_rows_are_read(path: Path) -> None:
    assert read(path) == FULL


def test_the_garbage_collector_is_left_as_it_was(path: Path) -> None:
    assert gc.isenabled()
    read(path)
    assert gc.isenabled()
    gc.disable()
    try:
        read(path)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_what_cannot_be_read_is_counted_skipped_and_kept(path: Path) -> None:
    change(path, "UPDATE record SET state = '{}' WHERE kind = 'binding'")
    change(path, "UPDATE record SET sealed = x'00' WHERE kind = 'account'")
    change(path, "INSERT INTO record VALUES ('hologram', 'k', '{}', NULL)")
    faults: list[str] = []
    assert read(path, faults=faults) == [call(1)]
    assert faults == [
        f"{path}: a row of {fault} such, skipped, kept on disk"
        for fault in (
            "binding cannot be read: Object missing required field `id`; 2",
            "account cannot be read: it was sealed by a key that is not in the list; 1",
            "hologram cannot be read: 'hologram' is not a valid Table; 1",
        )
    ]
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT count(*) FROM record").fetchone() == (5,)


def test_without_its_key_nothing_sealed_is_read_and_nothing_is_lost(path: Path) -> None:
    faults: list[str] = []
    assert read(path, OTHER_KEY, faults=faults) == [binding("a2")]
    assert Counter(fault.split("row of ")[1].split()[0] for fault in faults) == {"binding": 1, "call": 1, "account": 1}
    assert read(path) == FULL


def test_rotation_seals_anew_so_that_the_old_key_may_go(path: Path) -> None:
    assert read(path, OTHER_KEY, KEY) == FULL
    assert read(path, OTHER_KEY) == FULL
    assert list(on_disk(path, OTHER_KEY).values()) == FULL


def test_a_disk_that_takes_no_new_seals_is_reported(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def read_only(file: str) -> sqlite3.Connection:
        connection = connect(file)
        connection.execute("PRAGMA query_only = ON")
        return connection

    monkeypatch.setattr(database_module, "connect", read_only)
    faults: list[str] = []
    assert read(path, OTHER_KEY, KEY, faults=faults) == FULL
    assert len(faults) == 1
    assert "rows cannot be sealed with the first key: attempt to write a readonly database; keep" in faults[0]


def test_a_disk_without_room_for_a_new_database_is_refused_with_the_mend(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def tiny(file: str) -> sqlite3.Connection:
        connection = connect(file)
        connection.execute("PRAGMA max_page_count = 2")
        return connection

    monkeypatch.setattr(database_module, "connect", tiny)
    with pytest.raises(StoreError, match="database or disk is full; make room on the disk"):
        read(tmp_path / "r.db")
    monkeypatch.undo()
    assert read(tmp_path / "r.db") == []


def test_a_newer_schema_is_refused_with_the_mend(path: Path) -> None:
    change(path, "UPDATE schema SET version = 2")
    with pytest.raises(StoreError, match=r"r\.db was written by a newer ringwake \(schema 2, this one knows 1\): run"):
        read(path)


@pytest.mark.parametrize("statement", ["CREATE TABLE phonebook (name)", "CREATE TABLE schema (version)"])
def test_another_programs_database_is_left_alone(tmp_path: Path, statement: str) -> None:
    made = tmp_path / "r.db"
    change(made, statement)
    before = made.read_bytes()
    with pytest.raises(StoreError, match="not one of ringwake: name another file"):
        read(made)
    with closing(sqlite3.connect(made)) as connection:
        assert len(connection.execute("SELECT * FROM sqlite_schema").fetchall()) == 1
    assert len(made.read_bytes()) == len(before)


def test_a_file_that_is_no_database_is_refused_with_the_mend(tmp_path: Path) -> None:
    made = tmp_path / "r.db"
    made.write_bytes(b"these are my holiday pictures" * 1000)
    with pytest.raises(StoreError, match=r"r\.db cannot be opened: file is not a database; put back a backup"):
        read(made)


def test_a_database_that_another_program_holds_is_refused_with_the_mend(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database_module, "connect", lambda file: connect(file, timeout=0.01))
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(StoreError, match="database is locked; another program has it open: end that one"):
            read(path)


def test_a_folder_that_is_not_there_is_refused_with_the_mend(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"r\.db cannot be opened: .*; its folder must exist and be ours"):
        read(tmp_path / "nowhere" / "r.db")


def test_a_schema_that_cannot_be_read_is_refused(path: Path) -> None:
    change(path, "ALTER TABLE schema RENAME COLUMN version TO edition")
    with pytest.raises(StoreError, match="cannot be read: no such column: version; see to the disk"):
        read(path)


def test_a_broken_page_costs_what_stands_on_it(tmp_path: Path) -> None:
    made = tmp_path / "r.db"
    read(made)
    codec = Codec(RowSeal([KEY]))
    many = [binding(f"id{number:04}", push=fcm(f"{number}")) for number in range(400)]
    with closing(Writer(str(made), 0)) as writer:
        writer.commit(pack([(0, *codec.encode(row(None, value))[1:]) for value in many]))
    with closing(sqlite3.connect(made)) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_schema WHERE name = 'record'").fetchone()
    octets = bytearray(made.read_bytes())
    size = 4096
    # Break the leaf page that the last cell pointer of the root points to: its right-most child.
    child = int.from_bytes(octets[(root - 1) * size + 8 : (root - 1) * size + 12], "big")
    octets[(child - 1) * size : child * size] = b"\xff" * size
    made.write_bytes(octets)
    faults: list[str] = []
    values = read(made, faults=faults)
    assert 0 < len(values) < len(many)
    assert values == many[: len(values)]
    assert len(faults) == 1
    assert "the rest of it cannot be read: database disk image is malformed; put back a backup" in faults[0]
