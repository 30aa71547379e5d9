"""The SQLite store as a whole: its file, its keys, its owner, its lives. What holds for every store: tests/contract."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from tests.store.samples import (
    ALICE,
    NOW,
    WEBPUSH,
    account,
    apns,
    call,
    contact,
    login,
    message,
    register,
    run,
    subscription_keys,
    token,
    webpush,
)
from tests.store.sqlite.beside import (
    KEY,
    OTHER_KEY,
    change,
    image_of,
    is_alive,
    modes_of,
    octets_of,
    on_disk,
    open_store,
    opened,
    writer_of,
)

from ringwake.model.account_ops import ListAccounts, PutAccount
from ringwake.model.message_ops import KeepMessage
from ringwake.model.ports import StoreError
from ringwake.model.store_ops import ListBindings, Op, Park, PutSubscription, Recover, Refreshed, Registered, TakeDue
from ringwake.secret import Secret
from ringwake.store.sqlite.lock import StoreInUseError
from ringwake.store.sqlite.store import SqliteStore

ENDPOINT = "https://push.test/canary-endpoint"
CANARIES = [b"canary-voip", b"canary-remote", b"canary-endpoint", b"canary-auth00000", b"canary-ha1", b"canary-said"]
CANARIES += [b"canary-word"]
VOIP, REMOTE, _, AUTH, HA1, SAID, WORD = CANARIES
SECRETIVE: list[Op[object]] = [
    PutAccount(account=account(md5=HA1.decode(), pbx=login(WORD.decode()))),
    register(contact("a1", push=apns(voip=VOIP.decode(), remote=REMOTE.decode()))),
    register(contact("a2", push=webpush(ENDPOINT)), cseq=2),
    PutSubscription(
        aor=ALICE, digest=token(WEBPUSH, ENDPOINT).digest, keys=subscription_keys(1)._replace(auth=Secret(AUTH))
    ),
    Park(call=replace(call(), invite=b"INVITE " + SAID)),
    KeepMessage(message=replace(message(), message=b"MESSAGE " + SAID)),
]


async def fill(store: SqliteStore) -> None:
    for op in SECRETIVE:
        await store.do(op)


def test_a_second_life_finds_what_the_first_has_left(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "r.db"
        async with opened(path) as store:
            await fill(store)
            left = image_of(store)
            bindings = await store.do(ListBindings(aor=None, wall=NOW))
            recovered = await store.do(Recover(wall=NOW))
        async with opened(path) as store:
            assert image_of(store) == left
            assert await store.do(ListBindings(aor=None, wall=NOW)) == bindings
            assert await store.do(Recover(wall=NOW)) == recovered

    run(main())


def test_a_second_life_goes_on_with_the_silent_pushes_of_the_first(tmp_path: Path) -> None:
    """When each is due, and how many were in vain: a restart neither forgets nor repeats one."""

    async def main() -> None:
        path = tmp_path / "r.db"
        async with opened(path) as store:
            done = await store.do(register(contact("a1", push=apns(remote="r"), refresh_at=NOW + 100)))
            assert isinstance(done, Registered)
            (binding,) = done.touched
            assert await store.do(TakeDue(wall=NOW + 100, limit=9, lease=60)) != ()
            noted = Refreshed(
                aor=ALICE, binding=binding.id, registered_at=binding.registered_at, tries=1, refresh_at=NOW + 500
            )
            await store.do(noted)
        async with opened(path) as store:
            assert await store.do(TakeDue(wall=NOW + 499, limit=9, lease=60)) == ()
            (due,) = await store.do(TakeDue(wall=NOW + 500, limit=9, lease=60))
            assert (due.id, due.refresh_tries) == (binding.id, 1)

    run(main())


def test_no_secret_is_found_in_any_file(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:
            await fill(store)
            assert modes_of(tmp_path).keys() >= {"r.db", "r.db-wal", "r.db.lock"}
            in_wal = octets_of(tmp_path)
            assert b"alice@example.com" in in_wal, "the rows are there"
        for octets in (in_wal, octets_of(tmp_path)):
            assert [canary for canary in (*CANARIES, KEY.reveal()) if canary in octets] == []

    run(main())


def test_only_we_may_read_the_files(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:
            await fill(store)
            assert set(modes_of(tmp_path).values()) == {0o600}

    run(main())


def test_failures_tell_no_secrets(tmp_path: Path) -> None:
    async def main() -> None:
        faults: list[str] = []
        async with opened(tmp_path / "r.db") as store:
            await fill(store)
        change(tmp_path / "r.db", "UPDATE record SET key = key || 'x'")
        async with opened(tmp_path / "r.db", note_fault=faults.append) as store:
            assert image_of(store) == {}
        assert len(faults) == 5
        assert not [canary for canary in CANARIES if canary.decode() in " ".join(faults)]

    run(main())


def test_keys_are_rotated_by_a_restart_with_a_new_first_one(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "r.db"
        async with opened(path, KEY) as store:
            await fill(store)
            left = image_of(store)
        async with opened(path, OTHER_KEY, KEY) as store:
            assert image_of(store) == left
            await store.do(register(contact("a3", push=apns(voip="more")), cseq=3))
            left = image_of(store)
        async with opened(path, OTHER_KEY) as store:
            assert image_of(store) == left
        assert on_disk(path, OTHER_KEY) == left

    run(main())


def test_a_row_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "r.db"
        async with opened(path) as store:
            await fill(store)
        change(path, "UPDATE record SET state = 'gibberish' WHERE key LIKE 'a1 %'")
        faults: list[str] = []
        async with opened(path, note_fault=faults.append) as store:
            assert [known.id for known in await store.do(ListBindings(aor=ALICE, wall=NOW))] == ["a2"]
            # The phone comes back under a new id, and gets what waited for the old one.
            await store.do(register(contact("new"), cseq=9))
            assert len(await store.do(ListBindings(aor=ALICE, wall=NOW))) == 2
        assert len(faults) == 1
        assert "a row of binding cannot be read" in faults[0]

    run(main())


def test_one_store_owns_the_database(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "r.db"
        async with opened(path) as store:
            with pytest.raises(StoreInUseError, match=r"r\.db is in use by process \d+: stop that one, or"):
                await open_store(path)
            assert await store.do(ListAccounts()) == ()
        async with opened(path):
            pass

    run(main())


OPEN = """
import asyncio, sys
from pathlib import Path
from ringwake.secret import Secret
from ringwake.store.sqlite.store import SqliteStore
try:
    asyncio.run(SqliteStore.open(Path(sys.argv[1]), keys=[Secret(b"k" * 32)], note_fault=print))
except Exception as error:
    print(type(error).__name__)
"""


def test_also_against_another_process(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db"):
            other = subprocess.run(  # noqa: ASYNC221  # it ends at once, and the loop has nothing else to do
                [sys.executable, "-c", OPEN, str(tmp_path / "r.db")], capture_output=True, check=True, timeout=20
            )
            assert other.stdout == b"StoreInUseError\n"

    run(main())


def test_a_failed_open_lets_go_of_the_lock(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "r.db"
        path.write_bytes(b"no database" * 1000)
        for _ in range(2):
            with pytest.raises(StoreError, match="file is not a database"):
                await open_store(path)
        path.unlink()
        async with opened(path):
            pass

    run(main())


def test_keys_are_checked_before_anything_is_made(tmp_path: Path) -> None:
    async def main() -> None:
        with pytest.raises(ValueError, match="32 octets"):
            await open_store(tmp_path / "r.db", Secret(b"short"))
        assert modes_of(tmp_path) == {}

    run(main())


def test_a_disk_that_cannot_be_written_does_not_keep_the_store_from_opening(tmp_path: Path) -> None:
    async def main() -> None:
        path = tmp_path / "r.db"
        async with opened(path) as store:
            await fill(store)
            left = image_of(store)
        faults: list[str] = []
        change(path, "CREATE TRIGGER no_writes BEFORE UPDATE ON schema BEGIN SELECT raise(FAIL, 'no'); END")
        async with opened(path, note_fault=faults.append) as store:
            assert image_of(store) == left
            assert not store.healthy
        assert faults == [f"{path} can be read, but not written: SQLITE_CONSTRAINT_TRIGGER: no"]

    run(main())


def test_close_leaves_nothing_but_the_database_and_the_lock_file(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path / "r.db")
        await fill(store)
        pid = writer_of(store)
        await store.close()
        assert not is_alive(pid)
        assert list(modes_of(tmp_path)) == ["r.db", "r.db.lock"]

    run(main())
