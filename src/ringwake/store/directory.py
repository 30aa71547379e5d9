"""Accounts, applications and domains in memory: asked on every request, so never on disk."""

from __future__ import annotations

from collections.abc import Iterable

from ringwake.model.account import Account, Aor
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.tenant import Tenant


class MemoryDirectory:
    """Implements `Directory`. Accounts of the configuration file stand beside those of the store, and win."""

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

    def account(self, aor: Aor) -> Account | None:
        """Return the account of an address of record."""
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

    def put(self, account: Account) -> None:
        """Take up an account of the store."""
        self._stored[account.aor] = account

    def remove(self, aor: Aor) -> None:
        """Forget an account of the store."""
        self._stored.pop(aor, None)

    def is_fixed(self, aor: Aor) -> bool:
        """Tell whether an account stands in the configuration file."""
        return aor in self._fixed

    def accounts(self) -> list[Account]:
        """Return all accounts, by AOR."""
        return sorted({**self._stored, **self._fixed}.values(), key=lambda account: account.aor)
