"""A world whose tenant says what callers hear while phones wake, and where a call goes that no phone came for."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from tests.support.stranger import Stranger
from tests.support.virtual_loop import run_virtual
from tests.support.world import DOMAIN, SERVER, World

from ringwake.edge.core import Core
from ringwake.model.account import Aor
from ringwake.model.call_settings import CallSettings
from ringwake.model.ports import Store
from ringwake.model.settings import Settings
from ringwake.model.tenant import Tenant
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.directory import MemoryDirectory
from ringwake.wake.means import Timing

PBX = Address("10.9.9.9", 5060)
VOICEMAIL = "sip:500@pbx.example"


class UdpWay:
    """The way to a PBX on UDP, which can be cut."""

    def __init__(self) -> None:
        self.is_up = True

    def flow(self) -> Flow | None:
        return Flow(Transport.UDP, SERVER, PBX) if self.is_up else None

    def is_from(self, flow: Flow) -> bool:
        return flow.remote == PBX

    def is_near(self, flow: Flow) -> bool:
        return flow.remote.host == PBX.host


class TenantWorld(World):
    """A world with one tenant of its own making."""

    def __init__(self, wishes: dict[str, Any], *, store: Store | None = None, timing: Timing | None = None) -> None:
        self.way = UdpWay()
        self.tenants = [Tenant(domain=DOMAIN, **wishes)]
        self.settings: dict[Aor, Settings] = {}
        super().__init__(store=store, timing=timing)

    async def pbx(self) -> Stranger:
        """Return the PBX: a bare UDP socket at the other end of the trunk."""
        return await Stranger(self, transport=Transport.UDP, address=PBX).open()

    def choose(self, user: str, **calls: Any) -> None:
        """Let the owner of an account say what is to become of its calls."""
        aor, chosen = Aor(f"{user}@{DOMAIN}"), Settings(calls=CallSettings(**calls))
        self.settings[aor] = chosen
        self.directory.put_settings(aor, chosen)

    async def restart(self) -> None:
        """Kill the server process and start the next one."""
        await self.stop()
        self.start()
        await self.recover()

    def _directory(self) -> MemoryDirectory:
        known = super()._directory()
        made = MemoryDirectory(self.tenants, known.apps(DOMAIN), known.accounts())
        for aor, settings in self.settings.items():
            made.put_settings(aor, settings)
        return made

    def _core(self) -> Core:
        self.trunks.add(DOMAIN, self.way)
        return super()._core()


def in_tenant_world(
    test: Callable[[TenantWorld], Awaitable[None]],
    *,
    store: Callable[[], Store] | None = None,
    timing: Timing | None = None,
    **wishes: Any,
) -> None:
    """Run a test in virtual time in a world whose tenant has these wishes; no error may have been swallowed there."""

    async def main() -> None:
        world = TenantWorld(wishes, store=store() if store else None, timing=timing)
        await test(world)
        await world.close()

    run_virtual(main())
