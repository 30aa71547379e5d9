"""The store without a disk. What holds for every store stands in tests/contract."""

from __future__ import annotations

import pytest
from tests.store.samples import BOB, account, run

from ringwake.model.account_ops import ListAccounts, PutAccount
from ringwake.model.store_ops import Failed
from ringwake.store.memory import MemoryStore


def test_all_is_answered_within_submit() -> None:
    said: list[object] = []
    MemoryStore().submit(PutAccount(account=account()), said.append, said.append)
    assert said == [True, True]


def test_callbacks_that_submit_are_answered_within_the_outermost_submit() -> None:
    store = MemoryStore()
    said: list[str] = []

    def durable(name: str) -> None:
        said.append(name)
        if len(said) < 5000:  # deeper than any stack
            store.submit(ListAccounts(), durable=lambda _: durable("again"))

    store.submit(ListAccounts(), durable=lambda _: durable("first"))
    assert said == ["first"] + ["again"] * 4999


def test_what_a_callback_raises_takes_no_others_answer() -> None:
    store = MemoryStore()
    said: list[str] = []

    def applied(_: object) -> None:
        store.submit(ListAccounts(), durable=fail)
        store.submit(ListAccounts(), durable=lambda _: said.append("third"))
        raise KeyError("applied")

    def fail(_: object) -> None:
        said.append("second")
        raise ValueError("durable")

    with pytest.raises(ValueError, match="durable") as caught:
        store.submit(ListAccounts(), applied, lambda _: said.append("first"))
    assert isinstance(caught.value.__context__, KeyError)
    assert said == ["first", "second", "third"]
    store.submit(ListAccounts(), durable=lambda _: said.append("later"))
    assert said[-1] == "later"


def test_a_closed_store_fails_everything() -> None:
    store = MemoryStore()
    run(store.close())
    said: list[object] = []
    store.submit(PutAccount(account=account(BOB)), said.append, said.append)
    store.submit(PutAccount(account=account(BOB)))
    assert said == [Failed("the store is closed")]
