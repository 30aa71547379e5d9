"""Batches: what goes into one, who is told what, and what a failure leaves behind."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.store.samples import ALICE, BOB, NOW, account, binding, call, contact, fcm, message, register, run
from tests.store.sqlite.beside import (
    hurt_disk,
    image_of,
    mend_disk,
    on_disk,
    open_store,
    opened,
    writer_of,
)

from ringwake.model.account import Aor
from ringwake.model.account_ops import ListAccounts, PutAccount, RemoveAccount
from ringwake.model.call import CallEnd
from ringwake.model.message_ops import KeepMessage
from ringwake.model.ports import StoreError
from ringwake.model.store_ops import Failed, Finish, ListBindings, Op, Park
from ringwake.store.sqlite import group_commit, writer
from ringwake.store.sqlite.journal import Journal
from ringwake.store.sqlite.store import SqliteStore

SILENT = Path(__file__).with_name("silent_writer.py")


class Batches:
    """Counts the batches that a journal is given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sizes: list[int] = []
        self.at: list[float] = []
        original = Journal.write

        def write(journal: Journal, body: bytes) -> None:
            self.sizes.append(len(list(writer.unpack(body))))
            self.at.append(asyncio.get_running_loop().time())
            original(journal, body)

        monkeypatch.setattr(Journal, "write", write)


async def submit_all(store: SqliteStore, ops: Sequence[Op[Any]]) -> list[Any]:
    """Submit without waiting; return the durable results once all have come."""
    answers: list[Any] = []
    last = asyncio.get_running_loop().create_future()

    def durable(result: Any) -> None:
        answers.append(result)
        if len(answers) == len(ops):
            last.set_result(None)

    for op in ops:
        store.submit(op, durable=durable)
    await last
    return answers


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until something holds; the test's own limit is the time-out."""
    loop = asyncio.get_running_loop()
    while not condition():
        turned = loop.create_future()
        loop.call_later(0.002, turned.set_result, None)
        await turned


def put(number: int) -> PutAccount:
    return PutAccount(account=account(Aor(f"user{number}@example.com")))


# ---- what goes into a batch


def test_what_one_turn_of_the_loop_submits_is_one_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:
            batches = Batches(monkeypatch)
            await submit_all(store, [put(number) for number in range(10)])
            assert batches.sizes == [10]

    run(main())


def test_a_row_that_changes_often_is_written_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:
            batches = Batches(monkeypatch)
            refreshes = [register(contact("a1", push=fcm("t")), cseq=cseq) for cseq in range(1, 9)]
            await submit_all(store, refreshes)
            await submit_all(store, [Park(call=call()), Finish(call="call1", end=CallEnd.ANSWERED)])
            assert batches.sizes == [1, 1]
            expected = image_of(store)
        assert on_disk(tmp_path / "r.db") == expected
        assert list(expected.values()) == [binding("a1", push=fcm("t"), cseq=8)]

    run(main())


def test_what_comes_meanwhile_collects_for_the_next_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:
            batches = Batches(monkeypatch)
            await store.do(put(0))
            os.kill(writer_of(store), signal.SIGSTOP)
            try:
                store.submit(put(1))
                await until(lambda: len(batches.sizes) == 2)
                for number in range(2, 30):
                    store.submit(put(number))
                    await until(lambda: True)
            finally:
                os.kill(writer_of(store), signal.SIGCONT)
            assert len(await store.do(ListAccounts())) == 30
            assert batches.sizes == [1, 1, 28]

    run(main())


def test_batches_are_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:
            batches = Batches(monkeypatch)
            monkeypatch.setattr(group_commit, "MAX_BATCH_ROWS", 10)
            assert await submit_all(store, [put(number) for number in range(35)]) == [True] * 35
            assert batches.sizes == [10, 10, 10, 5]

    run(main())


def test_batches_begin_so_far_apart_but_the_first_at_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        store = await open_store(tmp_path / "r.db", group_seconds=0.2)
        loop = asyncio.get_running_loop()
        opened_at = loop.time()
        await until(lambda: loop.time() > opened_at + 0.25)
        batches = Batches(monkeypatch)
        started = loop.time()
        await store.do(put(0))
        await store.do(put(1))
        assert batches.at[0] - started < 0.1
        assert batches.at[1] - batches.at[0] >= 0.2
        store.submit(put(2))
        closed_at = loop.time()
        await store.close()
        assert loop.time() - closed_at < 0.15, "close does not wait for the group"
        assert len(batches.sizes) == 3

    run(main())


def test_reads_wait_for_what_they_have_seen_and_for_nothing_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:
            said: list[str] = []
            store.submit(ListAccounts(), durable=lambda _: said.append("read"))
            assert said == ["read"]
            store.submit(put(0), durable=lambda _: said.append("write"))
            store.submit(ListAccounts(), durable=lambda _: said.append("read what was written"))
            assert said == ["read"]
            await store.do(ListAccounts())
            assert said == ["read", "write", "read what was written"]

    run(main())


def test_too_many_that_wait_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        monkeypatch.setattr(group_commit, "MAX_PENDING", 3)
        async with opened(tmp_path / "r.db") as store:
            answers = await submit_all(store, [put(number) for number in range(5)])
            assert answers == [Failed("too many operations wait for the disk")] * 2 + [True] * 3
            assert await store.do(put(9))

    run(main())


def test_what_a_callback_raises_reaches_the_loop_and_nobody_else(tmp_path: Path) -> None:
    async def main() -> None:
        contexts: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: contexts.append(context))
        async with opened(tmp_path / "r.db") as store:

            def fail(_: object) -> None:
                raise KeyError("mine")

            store.submit(put(0), durable=fail)
            assert await store.do(put(1))
        assert [str(context["exception"]) for context in contexts] == ["'mine'"]

    run(main())


def test_what_applied_raises_reaches_who_submitted_and_the_answer_comes(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:

            def fail(_: object) -> None:
                raise KeyError("mine")

            said: list[object] = []
            with pytest.raises(KeyError):
                store.submit(put(0), fail, said.append)
            await store.do(put(1))
            assert said == [True]

    run(main())


# ---- failures


def test_a_full_disk_fails_what_does_not_fit_and_undoes_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "RETRY_SECONDS", 60.0)

    async def main() -> None:
        path = tmp_path / "r.db"
        store = await open_store(path, max_pages=16)
        assert await store.do(PutAccount(account=account()))
        await store.do(KeepMessage(message=message(1)))
        before = image_of(store)
        big = replace(message(2, aor=BOB), message=b"x" * 200_000)
        answers = await submit_all(
            store,
            [KeepMessage(message=big), PutAccount(account=account(BOB)), RemoveAccount(aor=ALICE), ListAccounts()],
        )
        # The whole batch, and also the read that had seen it.
        assert answers == [Failed("SQLITE_FULL: database or disk is full")] * 4
        assert image_of(store) == before
        assert (store.healthy, store.last_error) == (False, "SQLITE_FULL: database or disk is full")
        # What is known is still served, and what fits is taken again: a phone that refreshes, a call that ends.
        assert await store.do(ListAccounts()) == (account(),)
        assert await store.do(PutAccount(account=account(BOB)))
        assert (store.healthy, store.last_error) == (True, "")
        expected = image_of(store)
        await store.close()
        assert on_disk(path) == expected

    run(main())


def test_later_batches_fail_with_the_one_that_they_stand_on(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path / "r.db", max_pages=16)
        os.kill(writer_of(store), signal.SIGSTOP)
        said: list[object] = []
        store.submit(KeepMessage(message=replace(message(2), message=b"x" * 200_000)), durable=said.append)
        await until(lambda: store._commits._is_flying)
        store.submit(PutAccount(account=account()), durable=said.append)
        store.submit(register(contact("a1")), durable=said.append)
        os.kill(writer_of(store), signal.SIGCONT)
        await until(lambda: len(said) == 3)
        assert {type(answer) for answer in said} == {Failed}
        assert image_of(store) == {}
        await store.close()

    run(main())


def test_a_failed_callback_may_submit_again(tmp_path: Path) -> None:
    async def main() -> None:
        store = await open_store(tmp_path / "r.db", max_pages=16)
        said: list[object] = []

        def durable(result: object) -> None:
            said.append(result)
            store.submit(PutAccount(account=account()), durable=said.append)

        store.submit(KeepMessage(message=replace(message(2), message=b"x" * 200_000)), durable=durable)
        await until(lambda: len(said) == 2)
        assert said[1] is True
        await store.close()

    run(main())


def test_a_broken_disk_fails_and_heals_by_itself(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "RETRY_SECONDS", 0.02)

    async def main() -> None:
        path = tmp_path / "r.db"
        async with opened(path) as store:
            await store.do(register(contact("a1", push=fcm("t"))))
            before = image_of(store)
            hurt_disk(store, most_octets=0)
            for cseq in (2, 3):
                with pytest.raises(StoreError, match=r"SQLITE_IOERR_WRITE: disk I/O error"):
                    await store.do(register(contact("a1", push=fcm("other")), cseq=cseq))
            assert image_of(store) == before
            assert not store.healthy
            mend_disk(store)
            await until(lambda: store.healthy)  # nobody submits anything
            assert await store.do(PutAccount(account=account()))
            expected = image_of(store)
        assert on_disk(path) == expected

    run(main())


def test_a_batch_that_the_writer_took_with_it_is_taken_back_from_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is on disk, but nobody knows: who submitted it was told that it failed, so it must go."""
    monkeypatch.setattr(group_commit, "RETRY_SECONDS", 60.0)

    async def main() -> None:
        path = tmp_path / "r.db"
        store = await open_store(path)
        await store.do(register(contact("a1", push=fcm("t"))))
        await store.do(PutAccount(account=account()))
        before = image_of(store)
        journal = store._commits._journal
        assert journal is not None
        command = list(journal._command)
        journal.kill()
        journal._command = [sys.executable, str(SILENT), writer.__file__, str(path)]
        answers = await submit_all(
            store,
            [
                register(contact("a1", push=fcm("other")), contact("a2"), cseq=2),
                RemoveAccount(aor=ALICE),
                PutAccount(account=account(BOB)),
            ],
        )
        assert answers == [Failed("the writer process has ended")] * 3
        assert image_of(store) == before
        taken = on_disk(path)
        assert taken != before, "the writer had committed it"
        # It is put right before anything else is written; a phone that comes meanwhile is served after that.
        journal._command = command
        await store.do(Park(call=call()))
        expected = image_of(store)
        await store.close()
        assert on_disk(path) == expected

    run(main())


@pytest.mark.parametrize("ends", ["by itself", "by close"])
def test_it_is_taken_back_also_if_nobody_submits_any_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    monkeypatch.setattr(group_commit, "RETRY_SECONDS", 0.01 if ends == "by itself" else 60.0)

    async def main() -> None:
        path = tmp_path / "r.db"
        store = await open_store(path)
        journal = store._commits._journal
        assert journal is not None
        command = list(journal._command)
        journal.kill()
        journal._command = [sys.executable, str(SILENT), writer.__file__, str(path)]
        with pytest.raises(StoreError):
            await store.do(PutAccount(account=account()))
        assert not store.healthy
        journal._command = command
        if ends == "by itself":
            await until(lambda: store.healthy)
        await store.close()
        assert on_disk(path) == {}

    run(main())


def test_while_it_cannot_be_taken_back_everything_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(group_commit, "RETRY_SECONDS", 60.0)

    async def main() -> None:
        path = tmp_path / "r.db"
        store = await open_store(path)
        journal = store._commits._journal
        assert journal is not None
        command = list(journal._command)
        journal.kill()
        journal._command = [sys.executable, str(SILENT), writer.__file__, str(path)]
        with pytest.raises(StoreError):
            await store.do(put(1))
        journal._command = ["/nowhere/python"]
        for number in (2, 3):
            with pytest.raises(StoreError, match="cannot be started"):
                await store.do(put(number))
        # Of what the silent one may have written nothing is forgotten meanwhile, and nothing is added to it.
        assert [key for _, key in store._commits._repair] == ["user1@example.com"]
        journal._command = command
        assert await store.do(put(4))
        await store.close()
        assert [key for _, key in on_disk(path)] == ["user4@example.com"]

    run(main())


def test_a_row_that_cannot_be_written_fails_its_batch_only(tmp_path: Path) -> None:
    async def main() -> None:
        async with opened(tmp_path / "r.db") as store:
            impossible: Any = object()
            bad = register(contact("a1"), user_agent=impossible)
            answers = await submit_all(store, [bad, put(0)])
            assert answers == [Failed("a row cannot be written: TypeError")] * 2
            assert await store.do(put(1))
            assert await store.do(ListBindings(aor=None, wall=NOW)) == ()

    run(main())


def test_a_start_that_is_given_up_leaves_no_writer(tmp_path: Path) -> None:
    """The claim is that the loop and the process table are clean: a leaked socket or process would warn."""

    async def main() -> None:
        opening = asyncio.ensure_future(open_store(tmp_path / "r.db"))
        asyncio.get_running_loop().call_soon(lambda: asyncio.get_running_loop().call_soon(opening.cancel))
        with pytest.raises(asyncio.CancelledError):
            await opening
        async with opened(tmp_path / "r.db") as store:
            assert store.healthy

    run(main())
