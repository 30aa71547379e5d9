"""A world whose server stands in front of a PBX."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from tests.support.canary import Canary
from tests.support.pbx import ADDRESS, OTHER, OTHER_ADDRESS, Pbx, pbx_password, pbx_user
from tests.support.virtual_loop import pause, run_virtual
from tests.support.world import DOMAIN, SERVER, World

from ringwake.edge.core import Core
from ringwake.model.account import Account, PbxLogin
from ringwake.model.events import Event, Happened
from ringwake.model.ports import Store
from ringwake.model.tenant import Tenant, Upstream
from ringwake.net.trunk_line import TrunkLine
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.store.directory import MemoryDirectory


class Way:
    """The way to a PBX over the memory network."""

    def __init__(self, world: World, transport: Transport, remote: Address, domain: str) -> None:
        self._remote = remote
        self._flow: Flow | None = None
        self._is_up = False
        self._line: TrunkLine | None = None
        if transport is not Transport.UDP:
            own = Address(SERVER.host, 40_000 + int(remote.host.rpartition(".")[2]))
            self._line = TrunkLine(domain, world.stack, lambda line: world.network.carrier(transport, own, line))
            world.stack.add_node(self._line, self._line.node)

    async def open(self) -> None:
        """Dial."""
        self._is_up = True
        self._flow = Flow(Transport.UDP, SERVER, self._remote)
        if self._line is not None:
            self._flow = await self._line.connect(self._remote, name="", local=SERVER)

    def cut(self) -> None:
        """Have no way any more; a connection is closed."""
        self._is_up = False
        if self._line is not None and self._flow is not None:
            self._line.close_flow(self._flow)

    def flow(self) -> Flow | None:
        """Return where a request goes now."""
        is_open = self._line is None or (self._flow is not None and self._line.is_open(self._flow))
        return self._flow if self._is_up and is_open else None

    def is_from(self, flow: Flow) -> bool:
        """Tell whether the PBX is at the other end, for sure."""
        return flow == self._flow or (flow.transport is Transport.UDP and flow.remote == self._remote)

    def is_near(self, flow: Flow) -> bool:
        """Tell whether the other end has the PBX's address."""
        return flow.remote.host == self._remote.host


class PbxWorld(World):
    """A world whose server stands in front of a PBX."""

    def __init__(
        self,
        upstream: Upstream,
        *,
        transport: Transport = Transport.UDP,
        users: tuple[str, ...] = (),
        store: Store | None = None,
        wishes: dict[str, Any] | None = None,
    ) -> None:
        """Begin without a connection to the PBX: `open` makes it. There is a second tenant, with another PBX.

        Args:
            upstream: how the tenant stands to it.
            transport: of the trunk.
            users: whom the server knows by itself.
            store: instead of one in memory.
            wishes: of the tenant.
        """
        self.upstream, self.users = upstream, users
        tenant = Tenant(domain=DOMAIN, upstream=upstream, pbx="sip:pbx.example", **(wishes or {}))
        self.tenants = [tenant, Tenant(domain=OTHER, upstream=upstream, pbx="sip:other.example")]
        self.ways = {DOMAIN: (transport, ADDRESS), OTHER: (transport, OTHER_ADDRESS)}
        self.way: dict[str, Way] = {}
        super().__init__(store=store)
        self.pbx = Pbx(self, transport=transport)
        self.other_pbx = Pbx(self, domain=OTHER, address=OTHER_ADDRESS, transport=transport)

    async def open(self) -> None:
        """Dial the PBXs."""
        for way in self.way.values():
            await way.open()
        self.server.handle_timer(self.loop.time())

    async def lose(self, seconds: float) -> None:
        """Let the PBX be gone for a while; over a connection the server notices."""
        way, tenant = self.way[DOMAIN], self.tenants[0]
        way.cut()
        self.server.pbx_changed(tenant, self.loop.time(), is_up=False)
        self.stack.pump(self.loop.time())
        await pause(seconds)
        await way.open()
        self.server.pbx_changed(tenant, self.loop.time(), is_up=True)
        self.stack.pump(self.loop.time())

    async def restart(self) -> None:
        """Kill the server process and start the next one."""
        await self.stop()
        self.start()
        await self.open()
        await self.recover()

    async def close(self) -> None:
        """End the world; no push parameter and no token may ever have gone up."""
        await super().close()
        canary = Canary()
        for phone in self.phones:
            if phone.token:
                canary.learn(phone.token)
        upward = {f"message {number}": message for number, message in enumerate(self.pbx.received)}
        assert canary.sing(upward) == []
        assert [name for name, message in upward.items() if b"pn-" in message] == []

    def happened(self, *what: Happened) -> list[Event]:
        """Return the events of these kinds."""
        return [event for event in self.events if event.what in what]

    def reasons(self, *what: Happened) -> list[object]:
        """Return their sentences."""
        return [event.fields.get("reason") for event in self.happened(*what)]

    def _directory(self) -> MemoryDirectory:
        known = super()._directory()
        accounts = [
            self._with_login(account) for account in known.accounts() if account.aor.split("@")[0] in self.users
        ]
        return MemoryDirectory(self.tenants, known.apps(DOMAIN), accounts)

    def _with_login(self, account: Account) -> Account:
        if self.upstream is not Upstream.VAULT:
            return account
        user = account.aor.partition("@")[0]
        login = PbxLogin(user=pbx_user(user), password=Secret(pbx_password(user)))
        return replace(account, pbx=login)

    def _core(self) -> Core:
        for domain, (transport, address) in self.ways.items():
            self.way[domain] = Way(self, transport, address, domain)
            self.trunks.add(domain, self.way[domain])
        return super()._core()


def in_front_of_pbx(
    test: Callable[[PbxWorld], Awaitable[None]],
    upstream: Upstream,
    *,
    transport: Transport = Transport.UDP,
    users: tuple[str, ...] = (),
    store: Callable[[], Store] | None = None,
    **wishes: Any,
) -> None:
    """Run a test in virtual time in front of a PBX that is reached; no error may have been swallowed there."""

    async def main() -> None:
        made = store() if store else None
        world = PbxWorld(upstream, transport=transport, users=users, store=made, wishes=wishes)
        await world.open()
        await pause(0.1)
        await test(world)
        await world.close()

    run_virtual(main(), limit=40 * 86400.0)
