"""A running server: its parts joined, started and stopped in the right order."""

from __future__ import annotations

import asyncio
import logging
import random
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_network
from pathlib import Path

from ringwake import __version__
from ringwake.api.apps import operator_app, public_app
from ringwake.api.backend import Backend
from ringwake.api.http_server import HttpServer
from ringwake.app.listeners import named, open_listener
from ringwake.config.load import host_port
from ringwake.config.schema import Config
from ringwake.edge.core import Core
from ringwake.edge.counted_pusher import CountedPusher
from ringwake.edge.gate import Gate
from ringwake.edge.limits import FailureLimit
from ringwake.edge.perform import Performer
from ringwake.edge.presence import Presence
from ringwake.edge.server import Server
from ringwake.model.account import Account, Aor
from ringwake.model.account_ops import ListAccounts
from ringwake.model.app import App as Application
from ringwake.model.events import Event
from ringwake.model.ports import Pusher
from ringwake.model.store_ops import Recover
from ringwake.model.tenant import Tenant
from ringwake.net.stack import Stack
from ringwake.net.transport import Carrier
from ringwake.observe.log import EventLog
from ringwake.observe.metrics import Metrics
from ringwake.observe.trace import Traces
from ringwake.observe.wire import WireLog
from ringwake.registrar.credentials import Authenticator
from ringwake.registrar.rules import ExpiryPolicy, Registrar
from ringwake.registrar.ticket import Tickets
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1
from ringwake.store.directory import MemoryDirectory
from ringwake.store.keys import KeyRing, load_keys
from ringwake.store.sqlite.store import SqliteStore
from ringwake.wake.budget import Budget
from ringwake.wake.callers import Callers
from ringwake.wake.means import Means, Timing
from ringwake.wake.refresh import RefreshPolicy

LOGGER = logging.getLogger("ringwake")
FALLBACK_REALM = "ringwake"


class SystemIds:
    """Identifiers from the system's source of chance."""

    def hex(self, digits: int) -> str:
        """Return that many unpredictable lower-case hex digits."""
        return secrets.token_hex((digits + 1) // 2)[:digits]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What the configuration alone decides."""

    config: Config
    base: Path
    """Where relative paths begin."""
    applications: list[Application]
    pusher: Callable[[Callable[[str], None]], Pusher]
    """Makes the senders; told how to report a fault."""


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
        self.traces, self.metrics = Traces(), Metrics()
        self._log = EventLog(wall=wall_of(loop))
        self.stack = Stack(
            clock=loop.time,
            call_at=loop.call_at,
            fault=self._fault,
            max_transactions=parts.config.limits.max_transactions,
            wire=WireLog(self._log, loop.time) if LOGGER.isEnabledFor(logging.DEBUG) else None,
        )
        self._directory = MemoryDirectory(
            [Tenant(domain=tenant.domain.lower()) for tenant in parts.config.tenant],
            parts.applications,
            fixed_accounts(parts.config),
        )
        self._limit = FailureLimit(failures=parts.config.limits.failures_per_minute)
        self._authenticator = Authenticator(
            seal=keys, ids=self._ids, algorithms=[Algorithm(name) for name in parts.config.server.digest]
        )
        self._pusher = parts.pusher(LOGGER.error)
        self._token = token
        self.listeners: list[Callable[[Event], None]] = [self.traces.note, self.metrics.note, self._log.note]
        """Who is told of events."""
        self.listen: list[dict[str, str]] = []
        """SIP listeners: transport and address."""
        self.http = ""
        """URL of the operator's API."""
        self.public = ""
        """URL of the phones' API, or empty."""

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
        await self.stack.close()
        await self._pusher.close()
        await self._store.close()

    # ---- inside

    async def _begin(self) -> None:
        for account in await self._store.do(ListAccounts()):
            self._directory.put(account)
        found = await self._store.do(Recover(wall=time.time()))
        listeners = [await self._listen(number) for number in range(len(self._config.listen))]
        for section, carrier in zip(self._config.listen, listeners, strict=True):
            for address in carrier.addresses():
                self.listen.append({"transport": section.transport, "address": str(address)})
        now = self._loop.time()
        core = self._core(frozenset((a.host, a.port) for carrier in listeners for a in carrier.addresses()))
        pusher = CountedPusher(self._pusher, core.ledger, time.time)
        self._performer = Performer(
            sip=self.stack, store=self._store, pusher=pusher, note=self._note, clock=self._loop.time
        )
        server = Server(core, self._performer, refresh_policy=self._refresh_policy(), now=now)
        self.stack.attach(server)
        server.recover(found, now, self.stack.adopt)
        self.stack.pump(now)
        self._gauges(core)
        self._serve_http(core)

    async def _listen(self, number: int) -> Carrier:
        section, node = self._config.listen[number], self._ids.hex(8)
        return await open_listener(section, f"listen[{number}]", base=self._base, stack=self.stack, node=node)

    def _core(self, own: frozenset[tuple[str, int]]) -> Core:
        wake, limits, wall = self._config.wake, self._config.limits, wall_of(self._loop)
        policy = self._refresh_policy()
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
            wall=wall,
            realm=self._config.tenant[0].domain.lower() if self._config.tenant else FALLBACK_REALM,
        )
        timing = Timing(wake=wake.wake_timeout, request=wake.request_timeout, ring=wake.ring_timeout)
        return Core(
            directory=self._directory,
            seal=self._keys,
            ids=self._ids,
            gate=gate,
            registrar=registrar,
            presence=Presence(self.stack.is_open),
            means=Means(
                timing=timing,
                budget=Budget(window=timing.wake, wakes=limits.wakes_per_minute),
                callers=Callers(each=limits.calls_per_minute),
                wall=wall,
                jitter=random.random,
            ),
            own=own,
            max_message=limits.message_octets,
            message_seconds=limits.message_seconds,
            wakes_for=frozenset(wake.wake_for),
            tickets=Tickets(self._keys, self._ids.hex(16)) if wake.ticket else None,
        )

    def _refresh_policy(self) -> RefreshPolicy:
        wake = self._config.wake
        return RefreshPolicy(
            every=wake.refresh_every,
            lead=wake.refresh_lead,
            last=min(180.0, wake.grant / 5),
            least=min(300.0, wake.grant),
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
            ledger=core.ledger,
            problems=self._problems,
            limit=self._limit,
            clock=self._loop.time,
            wall=time.time,
        )
        operator = host_port(self._config.server.http, "server.http")
        with named("server.http", self._config.server.http):
            self._http.append(HttpServer.bind(operator_app(backend), operator.host, operator.port))
        self.http = self._http[0].url
        public = self._config.public
        if public is not None:
            at = host_port(public.listen, "public.listen")
            files = (self._base / public.certificate, self._base / public.key) if public.key else (None, None)
            with named("public.listen", public.listen):
                phones = HttpServer.bind(public_app(backend), at.host, at.port, certificate=files[0], key=files[1])
            self._http.append(phones)
            self.public = public.url or phones.url
        for http in self._http:
            http.start()

    def _gauges(self, core: Core) -> None:
        self.metrics.gauge("parked_calls", "calls, messages and relayed requests under way", lambda: len(core.calls))
        self.metrics.gauge("store_up", "1 while the store can write", lambda: float(self._store.healthy))

    def _problems(self) -> list[str]:
        return [] if self._store.healthy else [f"the store cannot write: {self._store.last_error}"]

    def _note(self, event: Event) -> None:
        for listener in self.listeners:
            listener(event)

    def _fault(self, where: str, error: BaseException) -> None:
        LOGGER.error("an unexpected error in %s (ringwake %s)", where, __version__, exc_info=error)


def wall_now() -> float:
    """Return epoch seconds."""
    return time.time()


def wall_of(loop: asyncio.AbstractEventLoop) -> Callable[[float], float]:
    """Return the mapping from the loop's time to epoch seconds; it follows the wall clock when that is set."""
    return lambda now: now + time.time() - loop.time()


def fixed_accounts(config: Config) -> list[Account]:
    """Return the accounts of the configuration file; of their passwords only hashes remain."""
    return [
        Account(
            aor=Aor(f"{account.user}@{tenant.domain.lower()}"),
            tenant=tenant.domain.lower(),
            ha1_md5=Secret(ha1(Algorithm.MD5, account.user, tenant.domain.lower(), account.password)),
            ha1_sha256=Secret(ha1(Algorithm.SHA256, account.user, tenant.domain.lower(), account.password)),
        )
        for tenant in config.tenant
        for account in tenant.account
    ]


def expiry_policy(config: Config) -> ExpiryPolicy:
    """Return how long bindings live, by the configuration."""
    grant, lab = int(config.wake.grant), config.server.lab
    return ExpiryPolicy(grant=grant, push_least=min(300, grant), needs_tls=not lab, own_refresh=config.wake.pnsreg)
