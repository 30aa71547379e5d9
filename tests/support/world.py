"""A whole server in memory: real edge, real store image, real stack; a network, a provider and phones made for it.

Nothing of ours is replaced but the wires: `net.memory` carries the bytes, and a push goes straight to its phone.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from tests.support.ids import SeededIds

from ringwake.edge.core import Core
from ringwake.edge.counted_pusher import CountedPusher
from ringwake.edge.gate import Gate
from ringwake.edge.limits import FailureLimit
from ringwake.edge.perform import Performer
from ringwake.edge.presence import Presence
from ringwake.edge.server import Server
from ringwake.edge.watched_pusher import WatchedPusher
from ringwake.model.account import Account, Aor
from ringwake.model.app import App, AppKey, Provider
from ringwake.model.events import Event
from ringwake.model.ports import Store
from ringwake.model.push import Accepted, Outcome, Push
from ringwake.model.store_ops import Recover, Recovered
from ringwake.model.tenant import Tenant
from ringwake.net.memory import MemoryNetwork, Weather
from ringwake.net.stack import Stack
from ringwake.net.transport import Carrier
from ringwake.net.trunk import Trunks
from ringwake.observe.metrics import Metrics
from ringwake.registrar.credentials import Authenticator
from ringwake.registrar.rules import ExpiryPolicy, Registrar
from ringwake.secret import Secret
from ringwake.sip.digest import Algorithm, ha1
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.softphone.line import Line
from ringwake.softphone.line_events import InviteArrived, LineEvent, MessageArrived
from ringwake.softphone.settings import PhoneSettings
from ringwake.store.directory import MemoryDirectory
from ringwake.store.keys import KeyRing
from ringwake.store.memory import MemoryStore
from ringwake.ua.call import IncomingCall
from ringwake.ua.identity import Identity
from ringwake.ua.registration import PushContact, Registration
from ringwake.wake.budget import Budget
from ringwake.wake.means import Means, Timing
from ringwake.wake.refresh import RefreshPolicy

DOMAIN = "example.com"
PROJECT = "demo-project"
SERVER = Address("10.0.0.1", 5060)
EPOCH = 1_800_000_000.0


class FakeService:
    """A push service that hands pushes to the phones of the world."""

    def __init__(self, world: World) -> None:
        self._world = world
        self.pushes: list[tuple[float, Push]] = []
        self.answer: Callable[[Push], Outcome] = lambda _: Accepted("1")
        self.delay = 0.05
        """Seconds until the answer, and until the phone gets the push."""

    async def send(self, push: Push) -> Outcome:
        loop = asyncio.get_running_loop()
        self.pushes.append((loop.time(), push))
        outcome = self.answer(push)
        await asyncio.sleep(self.delay)  # noqa: TID251  virtual time
        if isinstance(outcome, Accepted):
            for phone in self._world.phones:
                if phone.has_token(push.token.reveal()):
                    phone.pushed(push)
        return outcome

    async def close(self) -> None:
        """Nothing is open."""


@dataclass
class Phone:
    """A phone: it sleeps, and when it is pushed to it wakes, registers and takes what comes."""

    world: World
    user: str
    address: Address
    transport: Transport
    token: str
    ids: SeededIds
    instance: str
    calls: list[IncomingCall] = field(default_factory=list)
    events: list[LineEvent] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)
    pushes: list[Push] = field(default_factory=list)
    wakes: bool = True
    """Whether a push wakes it."""
    on_call: Callable[[Phone, IncomingCall], None] = lambda *_: None
    line: Line | None = None
    ticket: str = ""
    """Of the newest push, until it is used."""
    _registration: Registration | None = None
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)
    _ports: itertools.count[int] = field(default_factory=lambda: itertools.count(20_000))

    async def wake(self) -> None:
        """Connect from a new port and register."""
        await self.sleep()
        settings = PhoneSettings(
            identity=Identity(user=self.user, domain=DOMAIN, password=Secret(f"{self.user}-password")),
            server=SERVER,
            transport=self.transport,
            device_secret=Secret("-"),
            instance=self.instance,
        )
        self.line = Line(settings, self.ids, self._event, dial=self._dial)
        await self.line.open()
        await self.register()

    async def register(self, *, expires: int = 3600) -> None:
        """Register down the open line."""
        assert self.line is not None
        if self._registration is None:
            push = PushContact(provider="fcm", param=PROJECT, prid=Secret(self.token)) if self.token else None
            identity = Identity(user=self.user, domain=DOMAIN, password=Secret(f"{self.user}-password"))
            self._registration = Registration(identity=identity, instance=self.instance, ids=self.ids, push=push)
        ticket, self.ticket = self.ticket, ""
        await self.line.register(self._registration, expires=expires, ticket=ticket)

    async def sleep(self) -> None:
        """Close the connection, as an app that is terminated does."""
        line, self.line = self.line, None
        if line is not None:
            await line.close()

    def pushed(self, push: Push) -> None:
        self.pushes.append(push)
        self.ticket = push.notice.ticket
        if self.wakes and self.line is None:
            task = asyncio.get_running_loop().create_task(self.wake())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def has_token(self, token: str) -> bool:
        """Tell whether a push to this token is for this phone."""
        return token == self.token

    @property
    def aor(self) -> str:
        return f"sip:{self.user}@{DOMAIN}"

    async def _dial(self, settings: PhoneSettings, stack: Stack, node: str) -> tuple[Carrier, Flow]:
        del settings, node
        here = Address(self.address.host, next(self._ports))
        carrier = self.world.network.carrier(self.transport, here, stack)
        return carrier, await carrier.connect(SERVER)

    def _event(self, event: LineEvent) -> None:
        self.events.append(event)
        if isinstance(event, InviteArrived):
            self.calls.append(event.call)
            self.on_call(self, event.call)
        elif isinstance(event, MessageArrived):
            self.texts.append(event.text)


class World:
    """The network, the server, the provider and the phones."""

    def __init__(self, *, seed: int = 1, store: Store | None = None, timing: Timing | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.random = Random(seed)
        self.network = MemoryNetwork(self.loop, seed=seed, weather=Weather())
        self.events: list[Event] = []
        self.faults: list[BaseException] = []
        self.phones: list[Phone] = []
        self.provider = FakeService(self)
        self.store: Store = store or MemoryStore()
        self.keys = KeyRing([Secret(b"k" * 32)])
        self.timing = timing or Timing()
        self.policy = RefreshPolicy()
        self.grant = 30 * 86400
        self._addresses = itertools.count(2)
        self.start()

    def start(self) -> None:
        """Start a server process."""
        self.ids = SeededIds(self.random)
        self.trunks = Trunks()
        self.stack = Stack(clock=self.loop.time, call_at=self.loop.call_at, fault=self._fault)
        for transport in (Transport.UDP, Transport.TCP, Transport.TLS):
            self.stack.add(self.network.carrier(transport, SERVER, self.stack))
        self.directory = self._directory()
        self.core = self._core()
        watched = WatchedPusher(
            self.provider,
            self.core.means.budget.circuits,
            meter=Metrics().pushes,
            note=self.events.append,
            clock=self.loop.time,
        )
        pusher = CountedPusher(watched, self.core.ledger, lambda: self.wall(self.loop.time()))
        self.performer = Performer(
            sip=self.stack, store=self.store, pusher=pusher, note=self.events.append, clock=self.loop.time
        )
        self.server = Server(self.core, self.performer, refresh_policy=self.policy, now=self.loop.time())
        self.stack.attach(self.server)
        self.stack.pump(self.loop.time())

    async def stop(self) -> None:
        """Stop the server process."""
        await self.performer.close()
        await self.stack.close()

    async def recover(self) -> None:
        """Do what a server does after its start: take up what its earlier life left open."""
        found: list[Recovered] = []
        # At once, as in a real start: nothing that arrives is served before the open calls were taken up.
        self.store.submit(Recover(wall=self.wall(self.loop.time())), found.append)
        self.server.recover(found[0], self.loop.time(), self.stack.adopt)
        self.stack.pump(self.loop.time())

    async def close(self) -> None:
        """End the world; no error may have been swallowed in it."""
        for phone in self.phones:
            await phone.sleep()
        await self.stop()
        assert self.faults == []

    def wall(self, now: float) -> float:
        return EPOCH + now

    def phone(self, user: str, *, transport: Transport = Transport.TLS, push: bool = True) -> Phone:
        """Make a phone that is off."""
        number = next(self._addresses)
        ids = SeededIds(self.random)
        phone = Phone(
            world=self,
            user=user,
            address=Address(f"10.0.0.{number}", 0),
            transport=transport,
            token=f"token-of-{user}-{number}" if push else "",
            ids=ids,
            instance=f"urn:uuid:{ids.hex(32)}",
        )
        self.phones.append(phone)
        return phone

    def pushed(self, kind: str) -> list[Push]:
        """Return the pushes of one kind."""
        return [push for _, push in self.provider.pushes if push.notice.kind == kind]

    def _fault(self, where: str, error: BaseException) -> None:
        del where
        self.faults.append(error)

    def _directory(self) -> MemoryDirectory:
        users = ("alice", "bob", "boss", "carol")
        accounts = [
            Account(
                aor=Aor(f"{user}@{DOMAIN}"),
                tenant=DOMAIN,
                ha1_md5=Secret(ha1(Algorithm.MD5, user, DOMAIN, f"{user}-password")),
                ha1_sha256=Secret(ha1(Algorithm.SHA256, user, DOMAIN, f"{user}-password")),
            )
            for user in users
        ]
        app = App(key=AppKey(Provider.FCM, PROJECT), tenant=DOMAIN, show_caller=True)
        return MemoryDirectory([Tenant(domain=DOMAIN)], [app], accounts)

    def _core(self) -> Core:
        authenticator = Authenticator(seal=self.keys, ids=self.ids)
        registrar = Registrar(
            directory=self.directory,
            ids=self.ids,
            policy=ExpiryPolicy(grant=self.grant, push_least=min(300, self.grant), needs_tls=False),
            refresh_after=lambda target, grant: self.policy.first(target, grant, 0.5),
        )
        return Core(
            directory=self.directory,
            seal=self.keys,
            ids=self.ids,
            gate=Gate(
                authenticator=authenticator,
                directory=self.directory,
                limit=FailureLimit(),
                peers=(),
                trunks=self.trunks,
                wall=self.wall,
                realm=DOMAIN,
            ),
            registrar=registrar,
            trunks=self.trunks,
            presence=Presence(self.stack.is_open),
            means=Means(
                timing=self.timing, budget=Budget(window=self.timing.wake), wall=self.wall, jitter=self.random.random
            ),
            own=frozenset({(SERVER.host, SERVER.port)}),
        )
