"""A running server: its parts joined, started and stopped in the right order."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable
from ipaddress import ip_network

from ringwake import __version__
from ringwake.api.backend import Backend
from ringwake.api.http_server import HttpServer
from ringwake.app.connectors import Connectors
from ringwake.app.desks import desks_of
from ringwake.app.doors import open_doors
from ringwake.app.forgetting import forgetting
from ringwake.app.listeners import open_listener
from ringwake.app.media import open_front
from ringwake.app.parts import Parts
from ringwake.app.policies import expiry_policy, refresh_policy
from ringwake.app.push_side import PushSide
from ringwake.app.pushing import add_circuits, means_of
from ringwake.app.system import SystemIds, wall_of
from ringwake.app.tenants import fixed_accounts, pbx_authorities, tenants_of
from ringwake.app.trunks import Surroundings, advertised, known_as, open_trunks
from ringwake.edge.core import Core
from ringwake.edge.gate import Gate
from ringwake.edge.limits import FailureLimit
from ringwake.edge.perform import Performer
from ringwake.edge.presence import Presence
from ringwake.edge.server import Server
from ringwake.model.account_ops import ListAccounts
from ringwake.model.events import Event, Happened
from ringwake.model.settings_ops import ListSettings
from ringwake.model.store_ops import Recover
from ringwake.net.stack import Stack
from ringwake.net.transport import Carrier
from ringwake.net.trunk import Keepers, Trunks
from ringwake.observe.log import EventLog
from ringwake.observe.metrics import Metrics
from ringwake.observe.pbx_news import PbxNews
from ringwake.observe.trace import Traces
from ringwake.observe.wire import WireLog
from ringwake.registrar.credentials import Authenticator
from ringwake.registrar.rules import Registrar
from ringwake.registrar.ticket import Tickets
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm
from ringwake.store.directory import MemoryDirectory
from ringwake.store.keys import KeyRing, load_keys
from ringwake.store.sqlite.store import SqliteStore
from ringwake.wake.actions import ActionLinks

LOGGER = logging.getLogger("ringwake")
FALLBACK_REALM = "ringwake"


class App:
    """A running server. Use `await App.start(...)`."""

    def __init__(self, parts: Parts, store: SqliteStore, keys: KeyRing, token: Secret[str]) -> None:
        loop = asyncio.get_running_loop()
        self._config, self._base = parts.config, parts.base
        self._store = store
        self._keys = keys
        self._ids = SystemIds()
        self._loop = loop
        self._http: list[HttpServer] = []
        self.traces, self.metrics, self._pbx_news = Traces(), Metrics(), PbxNews()
        self._log = EventLog(wall=wall_of(loop))
        self.stack = Stack(
            clock=loop.time,
            call_at=loop.call_at,
            fault=self._fault,
            max_transactions=parts.config.limits.max_transactions,
            wire=WireLog(self._log, loop.time) if LOGGER.isEnabledFor(logging.DEBUG) else None,
        )
        self._tenants = tenants_of(parts.config)
        self._keepers = Keepers()
        self._directory = MemoryDirectory(self._tenants, parts.applications, fixed_accounts(parts.config))
        self._limit = FailureLimit(failures=parts.config.limits.failures_per_minute)
        self._authenticator = Authenticator(
            seal=keys, ids=self._ids, algorithms=[Algorithm(name) for name in parts.config.server.digest]
        )
        self._push = PushSide(parts, self.metrics, note=self._note, report=LOGGER.error)
        self._token = token
        views = (self.traces, self.metrics, self._log, self._pbx_news)
        self.listeners: list[Callable[[Event], None]] = [view.note for view in views]
        """Who is told of events."""
        self.listen: list[dict[str, str]] = []
        """SIP listeners: transport and address."""
        self.http = ""
        """URL of the operator's API."""
        self.public = ""
        """URL of the phones' API, or empty."""
        self.connectors: list[str] = []
        """Where connectors dial in."""

    @classmethod
    async def start(cls, parts: Parts, *, token: Secret[str]) -> App:
        """Open the store, take up what an earlier life left, listen.

        Raises:
            KeysError: the keys file cannot be used.
            StoreError: the database cannot be opened.
            ListenError: an address cannot be bound.
            OSError: a certificate cannot be read.
        """
        data = parts.base / parts.config.server.data
        keys = load_keys(data.with_name("keys"))
        store = await SqliteStore.open(data, keys=keys.derive("store"), note_fault=LOGGER.error)
        app = cls(parts, store, keys, token)
        try:
            await app._begin()
        except BaseException:
            await app.stop()
            raise
        return app

    async def stop(self) -> None:
        """Stop: parked calls stay on disk for whoever comes next."""
        for http in self._http:
            await http.close()
        if hasattr(self, "_performer"):
            await self._performer.close()
            self._front.close()
        await self._keepers.close()
        if hasattr(self, "_connectors"):
            await self._connectors.close()
        await self.stack.close()
        await self._push.close()
        await self._store.close()

    def reread(self) -> None:
        """Look at once whether credentials have changed; it is done every few seconds anyway."""
        self._push.watch.look()

    # ---- inside

    async def _begin(self) -> None:
        for account in await self._store.do(ListAccounts()):
            self._directory.put(account)
        for aor, settings in await self._store.do(ListSettings()):
            self._directory.put_settings(aor, settings)
        found = await self._store.do(Recover(wall=time.time()))
        listeners = [await self._listen(number) for number in range(len(self._config.listen))]
        for section, carrier in zip(self._config.listen, listeners, strict=True):
            for address in carrier.addresses():
                self.listen.append({"transport": section.transport, "address": str(address)})
        now = self._loop.time()
        trunks = self._open_trunks(listeners)
        self._connectors = await Connectors.open(self._config, base=self._base, stack=self.stack, note=self._note)
        for tenant, tunnel in self._connectors.tunnels.items():
            trunks.add(tenant, tunnel)
        self.connectors = [str(address) for address in self._connectors.addresses]
        await self._keepers.begun()
        own = {(a.host, a.port) for carrier in listeners for a in carrier.addresses()}
        own |= {(a.host.lower(), a.port) for a in advertised(self._config.listen, listeners)}
        core = self._core(frozenset(own), trunks)
        self._front = await open_front(self._config.media, core, stack=self.stack, note=self._note)
        self._performer = Performer(
            sip=self._front.sip,
            store=self._store,
            pusher=self._push.pusher(core),
            note=self._note,
            clock=self._loop.time,
        )
        server = Server(
            core,
            self._performer,
            refresh_policy=refresh_policy(self._config),
            forgetting=forgetting(self._config, core, self._directory),
            now=now,
        )
        self.listeners.append(lambda event: self._follow(server, event))
        self._front.attach(server)
        server.recover(found, now, self._front.adopt)
        self.stack.pump(now)
        self._gauges(core)
        self._serve_http(core)

    async def _listen(self, number: int) -> Carrier:
        section, node = self._config.listen[number], self._ids.hex(8)
        return await open_listener(section, f"listen[{number}]", base=self._base, stack=self.stack, node=node)

    def _open_trunks(self, listeners: list[Carrier]) -> Trunks:
        around = Surroundings(
            stack=self.stack,
            listeners=known_as(self._config.listen, listeners),
            node=self._ids.hex(8),
            note=self._note,
            authorities=pbx_authorities(self._config, self._base),
        )
        trunks, self._keepers = open_trunks(self._tenants, around)
        return trunks

    def _core(self, own: frozenset[tuple[str, int]], trunks: Trunks) -> Core:
        wake, limits, wall = self._config.wake, self._config.limits, wall_of(self._loop)
        policy = refresh_policy(self._config)
        registrar = Registrar(
            directory=self._directory,
            ids=self._ids,
            policy=expiry_policy(self._config),
            refresh_after=lambda target, grant: policy.first(target, grant, random.random()),  # noqa: S311  jitter
        )
        gate = Gate(
            authenticator=self._authenticator,
            directory=self._directory,
            limit=self._limit,
            peers=tuple(ip_network(peer.address, strict=False) for peer in self._config.peer if peer.may_call),
            trunks=trunks,
            wall=wall,
            realm=self._config.tenant[0].domain.lower() if self._config.tenant else FALLBACK_REALM,
        )
        return Core(
            directory=self._directory,
            seal=self._keys,
            ids=self._ids,
            gate=gate,
            registrar=registrar,
            presence=Presence(self.stack.is_open),
            trunks=trunks,
            means=means_of(self._config, wall),
            own=own,
            max_message=limits.message_octets,
            message_seconds=limits.message_seconds,
            messages_per_account=limits.messages_per_account,
            wakes_for=frozenset(wake.wake_for),
            links=ActionLinks(self._keys, lambda: self.public),
            tickets=Tickets(self._keys, self._ids.hex(16)) if wake.ticket else None,
        )

    def _serve_http(self, core: Core) -> None:
        backend = Backend(
            store=self._store,
            directory=self._directory,
            traces=self.traces,
            metrics=self.metrics,
            authenticator=self._authenticator,
            keys=self._keys,
            ids=self._ids,
            token=self._token,
            is_live=core.presence.is_open,
            pbx=self._pbx_news,
            has_account=lambda aor: core.account(aor) is not None,
            ledger=core.ledger,
            ask_relay=self._front.relay.ping if self._front.relay is not None else None,
            problems=self._problems,
            push=self._push.desk(core, self._performer.run, self.listeners),
            links=core.links,
            desks=desks_of(core, self._performer.run_at_once, self._loop.time),
            limit=self._limit,
            clock=self._loop.time,
            wall=time.time,
        )
        doors = open_doors(self._config, backend, self._http, base=self._base)
        self.http, self.public = doors.operator, doors.public

    def _follow(self, server: Server, event: Event) -> None:
        """Let the server know of what becomes of the ways to PBXs."""
        if event.what in (Happened.PBX_REACHED, Happened.PBX_LOST):
            tenant = self._directory.tenant(str(event.fields["tenant"]))
            if tenant is not None:
                server.pbx_changed(tenant, event.at, is_up=event.what is Happened.PBX_REACHED)
                self.stack.pump(event.at)

    def _gauges(self, core: Core) -> None:
        self.metrics.gauge("parked_calls", "calls, messages and relayed requests under way", lambda: len(core.calls))
        self.metrics.gauge("store_up", "1 while the store can write", lambda: float(self._store.healthy))
        apps = [app for tenant in self._tenants for app in self._directory.apps(tenant.domain)]
        add_circuits(self.metrics, core.means.budget.circuits, apps, self._loop.time)

    def _problems(self) -> list[str]:
        return [] if self._store.healthy else [f"the store cannot write: {self._store.last_error}"]

    def _note(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    def _fault(self, where: str, error: BaseException) -> None:
        LOGGER.error("an unexpected error in %s (ringwake %s)", where, __version__, exc_info=error)
