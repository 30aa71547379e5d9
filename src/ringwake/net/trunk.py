"""The ways to the PBXs that we stand in front of: found by name, dialled, and dialled again (RFC 3263, RFC 3261 18)."""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ringwake.model.events import Event, Field, Happened
from ringwake.net.resolver import ResolveError, Target
from ringwake.net.trunk_line import TrunkLine
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.uri import Uri

FIRST_PAUSE, LONGEST_PAUSE = 0.5, 3.0
"""Seconds between two attempts to reach a PBX: doubled each time. One that is back is to be found within five seconds,
and one attempt costs next to nothing."""
DIAL_SECONDS = 5.0
"""How long an attempt may take: the system would go on for two minutes, and notice a return late."""
STEADY_SECONDS = 10.0
"""A connection that was closed sooner was no success: the next attempt waits as after a failure."""
FIRST_TRY = 2.0
"""Seconds that a start waits for PBXs."""
LOOK_AGAIN = 60.0
"""Seconds after which the name of a PBX on UDP is looked up again."""


def _after(seconds: float) -> asyncio.Future[None]:
    """Return what is done after so long."""
    loop = asyncio.get_running_loop()
    done: asyncio.Future[None] = loop.create_future()
    timer = loop.call_later(seconds, done.set_result, None)
    done.add_done_callback(lambda _: timer.cancel())
    return done


class Way(Protocol):
    """How one PBX is reached."""

    def flow(self) -> Flow | None:
        """Return where a request goes now."""

    def is_from(self, flow: Flow) -> bool:
        """Tell whether the PBX is at the other end of a flow, for sure."""

    def is_near(self, flow: Flow) -> bool:
        """Tell whether the other end has the PBX's address, whatever its port."""


class Trunks:
    """Implements `Trunks` of the ports: the way of each tenant that has a PBX."""

    def __init__(self) -> None:
        self._ways: dict[str, Way] = {}

    def add(self, tenant: str, way: Way) -> None:
        """Take up the way to a tenant's PBX."""
        self._ways[tenant] = way

    def has(self, tenant: str) -> bool:
        """Tell whether a tenant has a PBX."""
        return tenant in self._ways

    def flow(self, tenant: str) -> Flow | None:
        """Return where a request to the tenant's PBX goes now."""
        way = self._ways.get(tenant)
        return way.flow() if way is not None else None

    def tenant_of(self, flow: Flow) -> str:
        """Return the tenant whose PBX is at the other end of a flow, for sure; or an empty text."""
        return next((tenant for tenant, way in self._ways.items() if way.is_from(flow)), "")

    def is_near(self, flow: Flow, tenant: str) -> bool:
        """Tell whether a flow comes from the address of the tenant's PBX, whatever its port."""
        way = self._ways.get(tenant)
        return way is not None and (way.is_from(flow) or way.is_near(flow))


class Finder(Protocol):
    """Looks servers up: `Resolver`."""

    async def targets(self, uri: Uri) -> list[Target]:
        """Return where a URI's server is.

        Raises:
            ResolveError: nowhere.
        """


@dataclass(slots=True, kw_only=True)
class Dialled:
    """The way to a PBX that can be dialled: one datagram flow, or one connection that is kept up."""

    tenant: str
    uri: Uri
    finder: Finder
    listeners: Mapping[Transport, Address]
    """Where we listen, by transport: what the PBX is told to send its requests to."""
    lines: Mapping[Transport, TrunkLine]
    """What opens connections, by transport."""
    note: Callable[[Event], None]
    clock: Callable[[], float]
    after: Callable[[float], asyncio.Future[None]] = _after
    """Returns what is done after so many seconds."""
    _targets: Sequence[Target] = ()
    _flow: Flow | None = None
    _is_up: bool | None = None
    tried: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the PBX was reached, or was not, for the first time."""

    def flow(self) -> Flow | None:
        """Return where a request goes now."""
        return self._flow

    def is_from(self, flow: Flow) -> bool:
        """Tell whether it is ours, or a datagram flow from the PBX's own port: phones may share its address."""
        if flow == self._flow:
            return True
        is_datagram = flow.transport is Transport.UDP and not flow.is_private
        return is_datagram and any(target.address == flow.remote for target in self._targets)

    def is_near(self, flow: Flow) -> bool:
        """Tell whether the other end has the PBX's address."""
        return not flow.is_private and any(target.address.host == flow.remote.host for target in self._targets)

    async def keep(self) -> None:
        """Keep the way open, until cancelled."""
        pause = FIRST_PAUSE
        while True:
            if await self._stood():
                pause = FIRST_PAUSE
                continue
            await self.after(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    async def _stood(self) -> bool:
        """Open the way and wait for its end; tell whether it was open for any time worth speaking of."""
        try:
            gone = await self._open()
        except OSError as error:
            if self._flow is None:  # else the name could not be looked up again, and what we know still stands
                self._tell(is_up=False, why=_reason(error))
            return False
        since = self.clock()
        self._tell(is_up=True)
        await gone
        if self._flow is not None and self._flow.transport.is_reliable:
            self._flow = None
            self._tell(is_up=False, why="the connection is gone")
        return self.clock() - since >= STEADY_SECONDS

    async def _open(self) -> asyncio.Future[None]:
        """Open the way; what is returned is done when it should be opened again."""
        self._targets = await self.finder.targets(self.uri)
        failure: OSError = ResolveError(f"{self.uri.host}: no address")
        for target in self._targets:
            try:
                return await self._dial(target)
            except OSError as error:
                failure = error
        raise failure

    async def _dial(self, target: Target) -> asyncio.Future[None]:
        local = self.listeners[target.transport]
        if target.transport is Transport.UDP:
            self._flow = Flow(Transport.UDP, local, target.address)
            return self.after(LOOK_AGAIN)
        line = self.lines[target.transport]
        async with asyncio.timeout(DIAL_SECONDS):
            self._flow = await line.connect(target.address, name=self.uri.host.strip("[]"), local=local)
        return line.gone()

    def _tell(self, *, is_up: bool, why: str = "") -> None:
        self.tried.set()
        if is_up == self._is_up:
            return
        self._is_up = is_up
        fields: dict[str, Field] = {"tenant": self.tenant, "pbx": f"{self.uri.host}:{self.uri.port or ''}".rstrip(":")}
        if why:
            fields["reason"] = why
        self.note(Event(Happened.PBX_REACHED if is_up else Happened.PBX_LOST, self.clock(), "", fields))


@dataclass(slots=True)
class Keepers:
    """The tasks that keep ways open."""

    _tasks: list[asyncio.Task[None]] = field(default_factory=list)
    _tried: list[asyncio.Event] = field(default_factory=list)

    def keep(self, way: Dialled) -> None:
        """Keep a way open from now on."""
        self._tried.append(way.tried)
        self._tasks.append(asyncio.get_running_loop().create_task(way.keep()))

    async def begun(self) -> None:
        """Wait until each PBX was tried once, but not for long: phones need not find us before we have found it."""
        trying = [asyncio.ensure_future(event.wait()) for event in self._tried]
        if trying:
            _, late = await asyncio.wait(trying, timeout=FIRST_TRY)
            for task in late:
                task.cancel()

    async def close(self) -> None:
        """Keep none any more."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


def _reason(error: OSError) -> str:
    """Return what the system says, without addresses."""
    if isinstance(error, ResolveError | ssl.SSLError):
        return str(error)
    if isinstance(error, TimeoutError):
        return "it does not answer"
    return os.strerror(error.errno) if error.errno else str(error) or type(error).__name__
