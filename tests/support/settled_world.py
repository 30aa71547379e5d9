"""A world whose accounts have settings, whose clock says what it is told, and where one address is a trusted peer's."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from ipaddress import ip_network

from tests.support.stranger import Stranger
from tests.support.virtual_loop import LONGEST, run_virtual
from tests.support.world import DOMAIN, EPOCH, World

from ringwake.app.system import zone_of
from ringwake.edge.core import Core
from ringwake.model.account import Aor
from ringwake.model.ports import Store
from ringwake.model.settings import Settings
from ringwake.sip.flow import Address, Transport
from ringwake.store.directory import MemoryDirectory

PEER = Address("198.51.100.7", 5060)


class SettledWorld(World):
    """A world with settings, by user."""

    def __init__(self, settings: Mapping[str, Settings], *, epoch: float = EPOCH, store: Store | None = None) -> None:
        self.settings = dict(settings)
        self.epoch = epoch
        super().__init__(store=store)

    def wall(self, now: float) -> float:
        return self.epoch + now

    def settle(self, user: str, settings: Settings) -> None:
        """Let the owner of an account choose."""
        self.settings[user] = settings
        self.directory.put_settings(Aor(f"{user}@{DOMAIN}"), settings)

    async def peer(self) -> Stranger:
        """Return a trunk that may say who calls."""
        return await Stranger(self, transport=Transport.TCP, address=PEER).open()

    def _directory(self) -> MemoryDirectory:
        directory = super()._directory()
        for user, settings in self.settings.items():
            directory.put_settings(Aor(f"{user}@{DOMAIN}"), settings)
        return directory

    def _core(self) -> Core:
        core = super()._core()
        core.means = replace(core.means, zone=zone_of)
        core.gate = replace(core.gate, peers=(ip_network(f"{PEER.host}/32"),))
        return core


def in_settled_world(
    test: Callable[[SettledWorld], Awaitable[None]],
    *,
    epoch: float = EPOCH,
    store: Callable[[], Store] | None = None,
    limit: float = LONGEST,
    **settings: Settings,
) -> None:
    """Run a test in virtual time in a world whose accounts have these settings; no error may have been swallowed."""

    async def main() -> None:
        world = SettledWorld(settings, epoch=epoch, store=store() if store else None)
        await test(world)
        await world.close()

    run_virtual(main(), limit=limit)
