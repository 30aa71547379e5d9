"""When the logins of silent accounts at their PBXs are forgotten, by the configuration."""

from __future__ import annotations

from dataclasses import replace

from ringwake.config.schema import Config
from ringwake.edge.core import Core
from ringwake.edge.upkeep import Forgetting
from ringwake.edge.upstream.standing import leave_for_good
from ringwake.model.account import Account
from ringwake.model.effects import Effects
from ringwake.store.directory import MemoryDirectory


def forgetting(config: Config, core: Core, directory: MemoryDirectory) -> Forgetting:
    """Return it; what the store has forgotten, the directory and the PBX forget, too."""

    def tell(account: Account, now: float) -> Effects:
        left = leave_for_good(core, account, now)
        directory.put(replace(account, pbx=None))
        return left

    vaults = {tenant.domain.lower(): tenant.forget_after for tenant in config.tenant if tenant.upstream == "vault"}
    return Forgetting(after=vaults, tell=tell)
