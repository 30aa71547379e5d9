"""kill -9 at any moment, of us or of the writer: what was said to be durable is there, and nothing that never was."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path
from random import Random, randrange
from typing import Any

from tests.store.dump import dump
from tests.store.samples import run
from tests.store.sqlite import victim
from tests.store.sqlite.beside import image_of, on_disk, open_store, opened, writer_of

from ringwake.model.store_ops import Failed
from ringwake.store.image import Image
from ringwake.store.rows import Letter, Line, Table, Value

ROUNDS = 5
Rows = dict[tuple[Table, str], Value]


def without_serials(rows: Rows) -> Rows:
    """What failed has used up a serial."""
    return {place: _without_serial(value) for place, value in rows.items()}


def _without_serial(value: Value) -> Value:
    match value:
        case Letter():
            return replace(value, serial=0)
        case Line():
            return value._replace(serial=0)
        case _:
            return value


def suffer(path: Path, first: int, *, lines: int) -> list[int]:
    """Run a victim, kill it when it has said so much, and return what it has said until then."""
    command = [sys.executable, victim.__file__, str(path), str(first)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = [process.stdout.readline() for _ in range(lines)]
        process.kill()
        said += process.stdout.readlines()
    return [int(line) for line in said if line.endswith(b"\n")]


def test_what_was_said_to_be_durable_survives(tmp_path: Path) -> None:
    seed = randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails
    random, path, image, first = Random(seed), tmp_path / "r.db", Image(), 0

    async def left_behind() -> Rows:
        # At once: the writer of the one that was killed may still be at work, and is waited for.
        async with opened(path) as store:
            return image_of(store)

    for _ in range(ROUNDS):
        said = suffer(path, first, lines=random.randrange(1, 1500))
        assert said == list(range(first, first + len(said))), "in order, and each once"
        for number in said:
            image.apply(victim.operation(number))
        left = run(left_behind())
        # Of those that were under way a few may have made it, in order: what is left is one of these histories.
        for number in range(first + len(said), first + len(said) + victim.OUTSTANDING + 1):
            if dump(image) == left:
                break
            image.apply(victim.operation(number))
        assert dump(image) == left
        first += len(said) + victim.OUTSTANDING


def test_a_writer_that_is_killed_again_and_again_costs_no_durable_operation(tmp_path: Path) -> None:
    seed = randrange(2**32)
    print(f"seed {seed}")  # noqa: T201  # shown when the test fails
    random, path, most = Random(seed), tmp_path / "r.db", 3000

    async def main() -> None:
        store = await open_store(path)
        loop = asyncio.get_running_loop()
        answers: dict[int, Any] = {}

        def durable(number: int, result: Any) -> None:
            assert number not in answers
            answers[number] = result

        for number in range(most):
            store.submit(victim.operation(number), durable=partial(durable, number))
            if random.random() < 0.03:
                turned = loop.create_future()
                loop.call_later(random.random() * 0.01, turned.set_result, None)
                await turned
            journal = store._commits._journal
            if random.random() < 0.006 and journal is not None and journal.pid is not None:
                os.kill(writer_of(store), signal.SIGKILL)
        await store.close()
        assert list(answers) == list(range(most)), "in order, and each once"
        failed = {number for number, answer in answers.items() if isinstance(answer, Failed)}
        assert 0 < len(failed) < most
        # What failed has never been: the others alone lead to what is on disk.
        image = Image()
        for number in range(most):
            if number not in failed:
                assert image.apply(victim.operation(number)).result is not None
        assert without_serials(on_disk(path)) == without_serials(image_of(store)) == without_serials(dump(image))

    run(main(), seconds=50)
