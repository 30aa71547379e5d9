"""Our end of the writer process."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.store.samples import run
from tests.store.sqlite.beside import KEY, is_alive, no_fault

from ringwake.store.sqlite.codec import Codec
from ringwake.store.sqlite.database import Database
from ringwake.store.sqlite.journal import Journal
from ringwake.store.sqlite.sealing import RowSeal
from ringwake.store.sqlite.writer import Answer, pack

BATCH = pack([(0, b"k", b"s", None)])


class Desk:
    """A journal, and what it has answered."""

    def __init__(self, path: Path) -> None:
        self.journal = Journal(path, max_pages=0, answered=self._note)
        self._answers: asyncio.Queue[tuple[Answer, str]] = asyncio.Queue()

    def _note(self, answer: Answer, reason: str) -> None:
        self._answers.put_nowait((answer, reason))

    async def write(self, body: bytes) -> tuple[Answer, str]:
        self.journal.write(body)
        return await self.answer()

    async def answer(self) -> tuple[Answer, str]:
        answer = await self._answers.get()
        assert self._answers.empty()
        return answer

    def pid(self) -> int:
        assert self.journal.pid is not None
        return self.journal.pid


@asynccontextmanager
async def desk_at(folder: Path) -> AsyncIterator[Desk]:
    path = folder / "r.db"
    Database(path, Codec(RowSeal([KEY])), no_fault).read()
    desk = Desk(path)
    try:
        yield desk
    finally:
        await desk.journal.close()
        assert desk.journal.pid is None


def test_batches_are_answered_and_the_writer_goes_with_close(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk_at(tmp_path) as desk:
            assert desk.journal.pid is None
            assert await desk.write(b"") == (Answer.COMMITTED, "")
            pid = desk.pid()
            assert await desk.write(BATCH) == (Answer.COMMITTED, "")
            assert desk.pid() == pid
        assert not is_alive(pid)
        await desk.journal.close()

    run(main())


def test_a_batch_that_is_larger_than_any_socket_buffer(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk_at(tmp_path) as desk:
            assert await desk.write(pack([(0, b"k", b"s", b"x" * 5_000_000)])) == (Answer.COMMITTED, "")

    run(main())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_only_the_end_of_the_stream_ends_the_writer(tmp_path: Path, number: int) -> None:
    async def main() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.write(b"")
            pid = desk.pid()
            os.kill(pid, number)
            assert await desk.write(BATCH) == (Answer.COMMITTED, "")
            assert desk.pid() == pid

    run(main())


def test_ctrl_c_in_the_terminal_does_not_reach_the_writer(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.write(b"")
            assert os.getpgid(desk.pid()) != os.getpgid(0)

    run(main())


def test_a_writer_that_dies_with_a_batch_leaves_it_doubtful_and_another_one_starts(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.write(b"")
            pid = desk.pid()
            os.kill(pid, signal.SIGSTOP)
            desk.journal.write(BATCH)
            os.kill(pid, signal.SIGKILL)
            assert await desk.answer() == (Answer.DOUBTFUL, "the writer process has ended")
            assert not is_alive(pid)
            assert await desk.write(BATCH) == (Answer.COMMITTED, "")
            assert desk.pid() != pid

    run(main())


@pytest.mark.parametrize("size", [10, 5_000_000])
def test_a_writer_that_died_before_is_noticed_by_the_next_batch(tmp_path: Path, size: int) -> None:
    async def main() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.write(b"")
            os.kill(desk.pid(), signal.SIGKILL)
            os.waitid(os.P_PID, desk.pid(), os.WEXITED | os.WNOWAIT)  # noqa: ASYNC222  # it is dead already
            # The loop had no turn yet to see the end of the stream.
            assert (await desk.write(pack([(0, b"k", b"s", b"x" * size)])))[0] is Answer.DOUBTFUL
            assert await desk.write(BATCH) == (Answer.COMMITTED, "")

    run(main())


def test_a_writer_that_dies_while_a_large_batch_is_sent(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.write(b"")
            os.kill(desk.pid(), signal.SIGSTOP)
            desk.journal.write(pack([(0, b"k", b"s", b"x" * 5_000_000)]))
            os.kill(desk.pid(), signal.SIGKILL)
            assert (await desk.answer())[0] is Answer.DOUBTFUL

    run(main())


def test_a_writer_that_cannot_be_started_refuses(tmp_path: Path) -> None:
    async def main() -> None:
        desk = Desk(tmp_path / "r.db")
        desk.journal._command[0] = str(tmp_path / "no-python")
        answer, reason = await desk.write(BATCH)
        assert answer is Answer.REFUSED
        assert reason.startswith("the writer process cannot be started: [Errno 2]")
        await desk.journal.close()

    run(main())


def test_a_close_that_is_given_up_leaves_no_writer(tmp_path: Path) -> None:
    async def main() -> None:
        async with desk_at(tmp_path) as desk:
            await desk.write(b"")
            pid = desk.pid()
            os.kill(pid, signal.SIGSTOP)
            closing = asyncio.ensure_future(desk.journal.close())
            asyncio.get_running_loop().call_soon(closing.cancel)
            with pytest.raises(asyncio.CancelledError):
                await closing
            assert not is_alive(pid)

    run(main())
