"""The stores that the contract is claimed of, each behind the same few words."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path
from typing import Any, TypeVar

from tests.store.reloading import ReloadingStore

from ringwake.model.ports import Store
from ringwake.model.store_ops import Failed, Op
from ringwake.secret import Secret
from ringwake.store.memory import MemoryStore
from ringwake.store.sqlite.store import SqliteStore

R = TypeVar("R")
T = TypeVar("T")
SECONDS = 20.0


class Bed:
    """A store and the loop that it lives in. Everything takes at most `SECONDS`."""

    def __init__(self, kind: str, make: Callable[[], Coroutine[Any, Any, Store]]) -> None:
        self.kind = kind
        self._make = make
        self._runner = asyncio.Runner()
        self.store = self.run(make())

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        return self._runner.run(asyncio.wait_for(main, SECONDS))

    def do(self, op: Op[R]) -> R:
        """Do an operation; a store that is to be reopened after each step is."""
        result = self.run(self.store.do(op))
        if self.kind == "sqlite reopened":
            self.reopen()
        return result

    def all_at_once(self, ops: Sequence[Op[Any]]) -> list[Any]:
        """Submit operations without waiting, and return the durable results in the order in which they came."""

        async def main() -> list[Any]:
            answers: list[Any] = []
            last = asyncio.get_running_loop().create_future()

            def durable(result: Any | Failed) -> None:
                answers.append(result)
                if len(answers) == len(ops):
                    last.set_result(None)

            for op in ops:
                self.store.submit(op, durable=durable)
            await last
            return answers

        return self.run(main())

    def reopen(self) -> None:
        """End this life of the store and begin another; a memory store has one only."""
        if self.kind != "memory":
            self.run(self.store.close())
            self.store = self.run(self._make())

    def close(self) -> None:
        self.run(self.store.close())
        self._runner.close()


def make_bed(kind: str, folder: Path) -> Bed:
    async def memory() -> Store:
        return MemoryStore()

    async def sqlite() -> Store:
        return await SqliteStore.open(folder / "r.db", keys=[Secret(b"k" * 32)], note_fault=_no_fault)

    async def reloading() -> Store:
        return disk

    disk = ReloadingStore()
    makers: dict[str, Callable[[], Coroutine[Any, Any, Store]]] = {
        "memory": memory,
        "sqlite": sqlite,
        "sqlite reopened": sqlite,
        "reloading": reloading,
    }
    return Bed(kind, makers[kind])


def _no_fault(text: str) -> None:
    raise AssertionError(text)


KINDS = ("memory", "sqlite", "sqlite reopened", "reloading")
