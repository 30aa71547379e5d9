"""Accounts, applications and domains in memory: asked on every request, so never on disk."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ringwake.model.account import Account, Aor
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.settings import UNCHOSEN, Settings
from ringwake.model.tenant import Tenant


class MemoryDirectory:
    """Implements `Directory`. Accounts of the configuration file stand beside those of the store, and win.

    What their owners have chosen is joined with them here: the store keeps it apart.
    """

    def __init__(self, tenants: Iterable[Tenant], apps: Iterable[App], fixed: Iterable[Account]) -> None:
        """Take what the configuration says; `put` adds what the store holds."""
        self._tenants = {tenant.domain: tenant for tenant in tenants}
        self._apps = {app.key: app for app in apps}
        order = list(Provider)
        self._by_tenant: dict[str, tuple[App, ...]] = {}
        for app in sorted(self._apps.values(), key=lambda app: order.index(app.key.provider)):
            self._by_tenant[app.tenant] = (*self._by_tenant.get(app.tenant, ()), app)
        self._fixed = {account.aor: account for account in fixed}
        self._stored: dict[Aor, Account] = {}
        self._settings: dict[Aor, Settings] = {}

    def account(self, aor: Aor) -> Account | None:
        """Return the account of an address of record, with its settings."""
        return self._fixed.get(aor) or self._stored.get(aor)

    def app(self, key: AppKey) -> App | None:
        """Return an application."""
        return self._apps.get(key)

    def apps(self, tenant: str) -> tuple[App, ...]:
        """Return the tenant's applications, in the order of their services."""
        return self._by_tenant.get(tenant, ())

    def is_local(self, host: str) -> bool:
        """Tell whether a domain, in lower case, is one of ours."""
        return host in self._tenants

    def tenant(self, domain: str) -> Tenant | None:
        """Return the tenant of a domain in lower case."""
        return self._tenants.get(domain)

    def settings(self, aor: Aor) -> Settings:
        """Return what was chosen for an address of record, also for one that only a PBX knows."""
        return self._settings.get(aor, UNCHOSEN)

    def put(self, account: Account) -> None:
        """Take up an account of the store; settings come by `put_settings` alone."""
        self._stored[account.aor] = replace(account, settings=self.settings(account.aor))

    def put_settings(self, aor: Aor, settings: Settings) -> None:
        """Take up what was chosen for an address of record."""
        self._settings[aor] = settings
        for accounts in (self._fixed, self._stored):
            if aor in accounts:
                accounts[aor] = replace(accounts[aor], settings=settings)

    def remove(self, aor: Aor) -> None:
        """Forget an account of the store, and what was chosen for it."""
        self._stored.pop(aor, None)
        self._settings.pop(aor, None)

    def is_fixed(self, aor: Aor) -> bool:
        """Tell whether an account stands in the configuration file."""
        return aor in self._fixed

    def accounts(self) -> list[Account]:
        """Return all accounts, by AOR."""
        return sorted({**self._stored, **self._fixed}.values(), key=lambda account: account.aor)
