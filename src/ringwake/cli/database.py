"""The database of a server that does not run: its lock says that nobody else has it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from ringwake.app.tenants import fixed_accounts, tenants_of
from ringwake.cli.failure import USAGE, CommandError
from ringwake.config.embedded import DOMAIN, lab_config
from ringwake.config.load import ConfigError, load
from ringwake.config.state import StateFolder
from ringwake.model.account import Account
from ringwake.model.ports import StoreError
from ringwake.model.tenant import Tenant
from ringwake.store.keys import KeysError, load_keys
from ringwake.store.sqlite.store import SqliteStore


@dataclass(frozen=True, slots=True)
class Database:
    """Where it is, and what the server has with it."""

    file: Path
    tenants: dict[str, Tenant]
    """By domain."""
    fixed: list[Account]
    """Accounts of the configuration file."""

    @classmethod
    def of(cls, state: StateFolder, config: Path | None) -> Database:
        """Find the database of a configuration file, or of the embedded default.

        Raises:
            CommandError: the file is wrong.
        """
        try:
            loaded = lab_config(state) if config is None else load(config)
        except ConfigError as error:
            raise CommandError(str(error), USAGE) from None
        fixed = [] if loaded is None else fixed_accounts(loaded)
        if config is None or loaded is None:
            return cls(state.database, {DOMAIN: Tenant(domain=DOMAIN)}, fixed)
        file = config.parent / loaded.server.data
        return cls(file, {tenant.domain: tenant for tenant in tenants_of(loaded)}, fixed)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[SqliteStore]:
        """Open the store.

        Raises:
            CommandError: it is in use or cannot be opened, or an operation has failed inside.
        """
        faults: list[str] = []
        try:
            keys = load_keys(self.file.with_name("keys"))
            store = await SqliteStore.open(self.file, keys=keys.derive("store"), note_fault=faults.append)
        except (KeysError, StoreError) as error:
            raise CommandError(str(error), USAGE) from None
        try:
            yield store
        except StoreError as error:
            raise CommandError(str(error)) from None
        finally:
            await store.close()
