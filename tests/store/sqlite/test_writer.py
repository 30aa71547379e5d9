"""The writer, run in this process: frames, transactions, checkpoints, and what it says when it fails."""

from __future__ import annotations

import socket
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.store.sqlite.beside import KEY, no_fault

from ringwake.store.sqlite import writer as writer_module
from ringwake.store.sqlite.codec import Codec
from ringwake.store.sqlite.database import Database
from ringwake.store.sqlite.sealing import RowSeal
from ringwake.store.sqlite.writer import LENGTH, TABLES, Answer, Fields, Writer, connect, pack, serve, unpack

OCTETS = st.binary(max_size=20)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    made = tmp_path / "r.db"
    Database(made, Codec(RowSeal([KEY])), no_fault).read()
    return made


@pytest.fixture
def writer(path: Path) -> Iterator[Writer]:
    with closing(Writer(str(path), 0)) as made:
        yield made


def rows(path: Path) -> list[tuple[str, bytes, bytes, bytes | None]]:
    with closing(sqlite3.connect(path)) as connection:
        connection.text_factory = bytes
        found = connection.execute("SELECT kind, key, state, sealed FROM record ORDER BY rowid").fetchall()
    return [(kind.decode(), *rest) for kind, *rest in found]


@given(st.lists(st.tuples(st.integers(0, 4), OCTETS, st.none() | OCTETS, st.none() | OCTETS)))
def test_a_batch_comes_out_as_it_went_in(records: list[Fields]) -> None:
    assert list(unpack(pack(records))) == records


def test_a_batch_is_written_as_one(writer: Writer, path: Path) -> None:
    first = [(0, b"k1", b"s1", b"x1"), (1, b"k1", b"s2", None), (0, b"k\0'\xff", b"s3", b"")]
    assert writer.commit(pack(first)) == (Answer.COMMITTED, "")
    second = [(0, b"k1", b"t1", None), (1, b"k1", None, None), (2, b"never", None, None)]
    assert writer.commit(pack(second)) == (Answer.COMMITTED, "")
    writer.close()
    assert rows(path) == [("binding", b"k1", b"t1", b"x1"), ("binding", b"k\0'\xff", b"s3", b"")]


def test_every_table_has_its_number() -> None:
    assert len(set(TABLES)) == len(TABLES)


def test_an_empty_batch_tries_the_disk(writer: Writer, path: Path) -> None:
    assert writer.commit(b"") == (Answer.COMMITTED, "")
    writer.close()
    with closing(sqlite3.connect(path)) as connection:
        assert connection.execute("SELECT tries FROM schema").fetchall() == [(1,)]


def test_nobody_else_gets_in(writer: Writer, path: Path) -> None:
    writer.commit(b"")
    with pytest.raises(sqlite3.OperationalError, match="locked"):
        connect(str(path), timeout=0.01)
    with closing(sqlite3.connect(path, timeout=0.01)) as other, pytest.raises(sqlite3.OperationalError, match="locked"):
        other.execute("SELECT * FROM record")


def test_a_full_disk_refuses_and_takes_again_what_fits(path: Path) -> None:
    with closing(Writer(str(path), 12)) as writer:
        assert writer.commit(pack([(0, b"small", b"s", None)]))[0] is Answer.COMMITTED
        big = pack([(0, b"k", b"s", b"x" * 100_000)])
        answer, reason = writer.commit(big)
        assert (answer, reason) == (Answer.REFUSED, "SQLITE_FULL: database or disk is full")
        assert writer.commit(pack([(0, b"small", b"t", None)]))[0] is Answer.COMMITTED
    assert rows(path) == [("binding", b"small", b"t", None)]


def test_a_database_that_cannot_be_opened_refuses(tmp_path: Path) -> None:
    with closing(Writer(str(tmp_path / "nowhere" / "r.db"), 0)) as writer:
        answer, reason = writer.commit(pack([(0, b"k", b"s", None)]))
    assert (answer, reason) == (Answer.REFUSED, "SQLITE_CANTOPEN: unable to open database file")


def test_an_error_in_commit_itself_is_doubtful(writer: Writer, path: Path) -> None:
    """A deferred constraint is the one way to have COMMIT fail without hurting the disk."""
    writer.commit(b"")
    connection = writer._connection
    assert connection is not None
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("CREATE TABLE other (k TEXT REFERENCES record (key) DEFERRABLE INITIALLY DEFERRED)")
    connection.execute("CREATE TRIGGER t AFTER INSERT ON record BEGIN INSERT INTO other VALUES ('none'); END")
    connection.execute("CREATE UNIQUE INDEX keys ON record (key)")
    answer, reason = writer.commit(pack([(0, b"k", b"s", None)]))
    assert (answer, reason) == (Answer.DOUBTFUL, "SQLITE_CONSTRAINT_FOREIGNKEY: FOREIGN KEY constraint failed")
    assert writer._connection is None
    assert writer.commit(b"")[0] is Answer.COMMITTED
    writer.close()
    assert rows(path) == []


def wal_size(path: Path) -> int:
    return path.with_name(f"{path.name}-wal").stat().st_size


def test_checkpoints_bound_the_wal(writer: Writer, path: Path) -> None:
    for number in range(40):
        writer.commit(pack([(0, b"k", b"s", bytes([number]) * 20_000)]))
        writer.checkpoint(least=20)
    assert wal_size(path) < 400_000
    writer.close()
    assert not path.with_name(f"{path.name}-wal").exists()


def test_without_checkpoints_the_wal_grows(writer: Writer, path: Path) -> None:
    for number in range(40):
        writer.commit(pack([(0, b"k", b"s", bytes([number]) * 20_000)]))
        writer.checkpoint(least=10_000)
    assert wal_size(path) > 800_000


def served(path: Path, *bodies: bytes, rest: bytes = b"") -> list[bytes]:
    """Serve what stands in the socket until it ends, and return the answers."""
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for body in bodies:
            ours.sendall(LENGTH.pack(len(body)) + body)
        ours.sendall(rest)
        ours.shutdown(socket.SHUT_WR)
        serve(Writer(str(path), 0), theirs)
        theirs.close()
        stream = b"".join(iter(lambda: ours.recv(4096), b""))
    answers = []
    while stream:
        (length,) = LENGTH.unpack_from(stream)
        answers.append(stream[4 : 4 + length])
        stream = stream[4 + length :]
    return answers


def test_each_request_has_its_answer(path: Path) -> None:
    assert served(path, b"", pack([(0, b"k", b"s", None)])) == [b"\0", b"\0"]
    assert rows(path) == [("binding", b"k", b"s", None)]


@pytest.mark.parametrize("length", [1, 3, 4, 10])
def test_a_batch_that_did_not_come_as_a_whole_is_not_written(path: Path, length: int) -> None:
    body = pack([(0, b"k", b"s", None)])
    assert served(path, rest=(LENGTH.pack(len(body)) + body)[:length]) == []
    assert rows(path) == []


def test_a_store_that_has_gone_is_no_reason_to_complain(path: Path) -> None:
    ours, theirs = socket.socketpair()
    body = pack([(0, b"k", b"s", None)])
    ours.sendall(LENGTH.pack(len(body)) + body)
    ours.close()
    with theirs:
        serve(Writer(str(path), 0), theirs)
    assert rows(path) == [("binding", b"k", b"s", None)]


def test_in_idle_moments_the_wal_is_copied(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer_module, "IDLE_SECONDS", 0.001)
    monkeypatch.setattr(writer_module, "IDLE_PAGES", 1)
    ours, theirs = socket.socketpair()
    writer = Writer(str(path), 0)
    writer.commit(pack([(0, b"k", b"s", None)]))
    assert writer._wal_pages == 1

    class Tidy(Writer):
        """Ends the stream once the checkpoint is done."""

        def checkpoint(self, *, least: int) -> None:
            writer.checkpoint(least=least)
            ours.shutdown(socket.SHUT_WR)

    with ours, theirs:
        serve(Tidy(str(path), 0), theirs)
    assert writer._wal_pages == 0
    writer.close()
