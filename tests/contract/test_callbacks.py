"""Every submit is answered: `applied` once and at once, `durable` once and in order, `Failed` after the end."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from tests.contract.beds import Bed, make_bed
from tests.store.samples import ALICE, BOB, NOW, account, call, contact, register

from ringwake.model.account_ops import ListAccounts, PutAccount, RemoveAccount
from ringwake.model.ports import StoreError
from ringwake.model.store_ops import Failed, ListBindings, Op, Park


@pytest.fixture(params=["memory", "sqlite"])
def bed(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Bed]:
    made = make_bed(request.param, tmp_path)
    yield made
    made.close()


MIXED: list[Op[Any]] = [
    ListAccounts(),
    PutAccount(account=account()),
    ListAccounts(),
    ListBindings(aor=None, wall=NOW),
    Park(call=call()),
    register(contact("a1")),
    RemoveAccount(aor=BOB),
    ListAccounts(),
]


def test_note_appliedcomes_within_submit_and_durable_in_the_same_order(bed: Bed) -> None:
    async def main() -> None:
        said: list[tuple[str, int, Any]] = []
        done = asyncio.get_running_loop().create_future()

        def note_applied(number: int, result: Any) -> None:
            said.append(("applied", number, result))

        def durable(number: int, result: Any) -> None:
            said.append(("durable", number, result))
            if number == len(MIXED) - 1:
                done.set_result(None)

        for number, op in enumerate(MIXED):
            bed.store.submit(op, partial(note_applied, number), partial(durable, number))
            assert ("applied", number) in [entry[:2] for entry in said]
        await done
        applied = [entry for entry in said if entry[0] == "applied"]
        durables = [entry for entry in said if entry[0] == "durable"]
        assert [number for _, number, _ in applied] == [number for _, number, _ in durables] == [*range(len(MIXED))]
        for (_, number, result), (_, _, same) in zip(applied, durables, strict=True):
            assert result is same
            assert said.index(("applied", number, result)) < said.index(("durable", number, same))

    bed.run(main())


def test_callbacks_may_submit(bed: Bed) -> None:
    """Also what a callback submits is answered once, after what was submitted before it."""

    async def main() -> None:
        said: list[str] = []
        done = asyncio.get_running_loop().create_future()

        def applied(_: object) -> None:
            said.append("applied 1")
            bed.store.submit(PutAccount(account=account(BOB)), None, durable_inner)
            bed.store.submit(ListAccounts(), None, lambda _: said.append("durable 3"))
            said.append("applied 1 returns")

        def durable_inner(_: object) -> None:
            said.append("durable 2")
            bed.store.submit(ListAccounts(), lambda _: said.append("applied 4"), lambda _: done.set_result(None))

        bed.store.submit(PutAccount(account=account(ALICE)), applied, lambda _: said.append("durable 1"))
        await done
        assert said == [
            "applied 1",
            "applied 1 returns",
            "durable 1",
            "durable 2",
            "applied 4",
            "durable 3",
        ]

    bed.run(main())


def test_nobody_has_to_listen(bed: Bed) -> None:
    async def main() -> None:
        bed.store.submit(PutAccount(account=account()))
        assert await bed.store.do(ListAccounts()) == (account(),)

    bed.run(main())


def test_close_makes_durable_what_was_submitted_and_ends_the_rest(bed: Bed) -> None:
    async def main() -> None:
        said: list[Any] = []
        bed.store.submit(PutAccount(account=account()), durable=said.append)
        await bed.store.close()
        assert said == [True]
        bed.store.submit(PutAccount(account=account(BOB)), said.append, said.append)
        assert said == [True, Failed("the store is closed")]
        with pytest.raises(StoreError):
            await bed.store.do(ListAccounts())
        await bed.store.close()

    bed.run(main())
    if bed.kind != "memory":
        bed.reopen()
        assert bed.do(ListAccounts()) == (account(),)
