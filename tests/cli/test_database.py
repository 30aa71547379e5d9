"""The database of a server that does not run: where it is, what belongs to it, and how its faults are told."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ringwake.cli.database import Database
from ringwake.cli.failure import FAILED, USAGE, CommandError
from ringwake.config.embedded import DOMAIN
from ringwake.config.state import StateFolder
from ringwake.model.account_ops import ListAccounts
from ringwake.model.ports import StoreError

CONFIG = """
[server]
data = "own.db"
[[tenant]]
domain = "Example.com"
[[tenant.account]]
user = "alice"
password = "alice-canary"
"""


@pytest.fixture
def state(tmp_path: Path) -> StateFolder:
    folder = StateFolder(tmp_path / "state")
    folder.ensure()
    return folder


def test_the_embedded_default_has_its_own(state: StateFolder) -> None:
    assert Database.of(state, None).file == state.database
    assert list(Database.of(state, None).tenants) == [DOMAIN]
    assert Database.of(state, None).fixed == []


def test_a_configuration_says_where_it_is_and_whose_accounts_it_has(state: StateFolder, tmp_path: Path) -> None:
    config = tmp_path / "server.toml"
    config.write_text(CONFIG)
    database = Database.of(state, config)
    assert database.file == tmp_path / "own.db"
    assert list(database.tenants) == ["example.com"]
    assert [account.aor for account in database.fixed] == ["alice@example.com"]


def test_a_wrong_configuration_is_a_matter_of_usage(state: StateFolder, tmp_path: Path) -> None:
    config = tmp_path / "server.toml"
    config.write_text("[server]\nhttp = 7\n")
    with pytest.raises(CommandError, match=r"server\.http") as caught:
        Database.of(state, config)
    assert caught.value.code == USAGE


def test_a_disk_that_does_not_write_fails_the_command_and_the_database_is_let_go(state: StateFolder) -> None:
    database = Database.of(state, None)

    async def story() -> None:
        with pytest.raises(CommandError, match="the disk is full") as caught:
            async with database.opened():
                raise StoreError("the disk is full")
        assert caught.value.code == FAILED
        async with database.opened() as store:
            assert await store.do(ListAccounts()) == ()

    asyncio.run(story())


def test_only_one_has_it(state: StateFolder) -> None:
    database = Database.of(state, None)

    async def story() -> None:
        async with database.opened():
            with pytest.raises(CommandError, match="is in use by process") as caught:
                async with database.opened():
                    pass
            assert caught.value.code == USAGE

    asyncio.run(story())
