"""The awaitable door."""

from __future__ import annotations

import asyncio

import pytest
from tests.store.samples import account, run

from ringwake.model.account_ops import ListAccounts, PutAccount
from ringwake.model.ports import StoreError
from ringwake.store import door
from ringwake.store.memory import MemoryStore


def test_it_returns_the_result() -> None:
    async def main() -> None:
        store = MemoryStore()
        assert await door.do(store, PutAccount(account=account()))
        assert await store.do(ListAccounts()) == (account(),)

    run(main())


def test_a_failure_is_raised() -> None:
    async def main() -> None:
        store = MemoryStore()
        await store.close()
        with pytest.raises(StoreError, match="the store is closed"):
            await door.do(store, ListAccounts())

    run(main())


def test_who_stops_waiting_disturbs_nobody() -> None:
    class Slow(MemoryStore):
        def submit(self, op, applied=None, durable=None):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
            asyncio.get_running_loop().call_soon(super().submit, op, applied, durable)

    async def main() -> None:
        store = Slow()
        waiting = asyncio.ensure_future(door.do(store, PutAccount(account=account())))
        asyncio.get_running_loop().call_soon(waiting.cancel)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await door.do(store, ListAccounts()) == (account(),)

    run(main())
