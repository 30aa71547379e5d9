"""One process owns a database."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from ringwake.model.ports import StoreError
from ringwake.store.sqlite.lock import Lock, StoreInUseError

HOLD = """
import sys
from pathlib import Path
from ringwake.store.sqlite.lock import Lock
lock = Lock(Path(sys.argv[1]))
print("held", flush=True)
sys.stdin.read()
"""


def test_a_second_owner_is_told_who_the_first_is(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    lock = Lock(path)
    with pytest.raises(StoreInUseError, match=rf"r\.db is in use by process {os.getpid()}: stop that one, or reach"):
        Lock(path)
    lock.release()
    Lock(path).release()


def test_the_lock_is_the_files_not_the_names(tmp_path: Path) -> None:
    path, link = tmp_path / "r.db", tmp_path / "link.db"
    path.touch()
    link.symlink_to(path)
    lock = Lock(link)
    assert lock.database == path
    with pytest.raises(StoreInUseError):
        Lock(path)
    lock.release()


def test_another_process_holds_it_until_it_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "r.db"
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as owner:
        assert owner.stdout is not None
        assert owner.stdout.readline() == b"held\n"
        with pytest.raises(StoreInUseError, match=f"process {owner.pid}:"):
            Lock(path)
        owner.kill()
        owner.wait()
        Lock(path).release()


def test_only_we_may_read_the_lock_file(tmp_path: Path) -> None:
    Lock(tmp_path / "r.db").release()
    assert (tmp_path / "r.db.lock").stat().st_mode & 0o777 == 0o600


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        StoreError, match=r"nowhere/r\.db\.lock cannot be opened: No such file or directory; the folder"
    ):
        Lock(tmp_path / "nowhere" / "r.db")
