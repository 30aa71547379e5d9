"""A network in memory, with loss, delay and a seed: one seed replays one history.

Datagram flows lose and reorder; connections do neither, and close when either side closes them; their cable may be cut
without a word. Time is the loop's,
so a loop with virtual time runs hours in milliseconds.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from random import Random

from ringwake.net.transport import Listener
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.framing import PONG, KeepAlive


@dataclass(slots=True)
class Weather:
    """How the network treats what is sent."""

    loss: float = 0.0
    """Share of datagrams that are lost."""
    delay: float = 0.001
    """Seconds that everything takes at least."""
    jitter: float = 0.0
    """Seconds that it may take more; datagrams overtake each other by it."""


class MemoryNetwork:
    """Hosts by address. All of it runs in one loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, *, seed: int, weather: Weather | None = None) -> None:
        self.loop = loop
        self.weather = weather or Weather()
        self.sent: list[tuple[float, Flow, bytes]] = []
        """Everything that was sent: when, by the sender's flow, the octets."""
        self._random = Random(seed)  # noqa: S311  a reproducible network, not a secret
        self._hosts: dict[tuple[Transport, Address], MemoryCarrier] = {}
        self._serials = itertools.count(1)
        self._held: dict[Flow, list[bytes]] = {}
        """What waits on its way, of connections whose cable is cut."""
        self._reset: set[Flow] = set()
        self._due: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def carrier(self, transport: Transport, address: Address, listener: Listener) -> MemoryCarrier:
        """Listen on an address."""
        carrier = MemoryCarrier(self, transport, address, listener)
        self._hosts[transport, address] = carrier
        return carrier

    def forget(self, carrier: MemoryCarrier) -> None:
        """Take a host off the network, unless another has its address by now."""
        if self._hosts.get((carrier.transport, carrier.address)) is carrier:
            del self._hosts[carrier.transport, carrier.address]

    def host(self, transport: Transport, address: Address) -> MemoryCarrier | None:
        """Return who listens on an address."""
        return self._hosts.get((transport, address))

    def serial(self) -> int:
        """Return a number for a new connection."""
        return next(self._serials)

    def carry(self, flow: Flow, octets: bytes) -> None:
        """Take a message down a flow, to the host at its other end."""
        self.sent.append((self.loop.time(), flow, octets))
        if flow.transport is Transport.UDP and self._random.random() < self.weather.loss:
            return
        if flow in self._held:
            self._held[flow].append(octets)
            return
        spread = self.weather.jitter * self._random.random() if flow.transport is Transport.UDP else 0.0
        self.later(self.weather.delay + spread, partial(self._arrive, flow, octets))

    def cut(self, flow: Flow) -> None:
        """Cut the cable of a connection: what is sent waits in the sender's buffers, and neither side learns of it."""
        for way in (flow, _mirrored(flow)):
            self._held[way] = []

    def mend(self, flow: Flow) -> None:
        """Mend the cable: what has waited arrives."""
        for way in (flow, _mirrored(flow)):
            for octets in self._held.pop(way):
                self.carry(way, octets)

    def is_cut(self, flow: Flow) -> bool:
        """Tell whether the cable of a connection is cut."""
        return flow in self._held

    def forget_sent(self, flow: Flow) -> None:
        """Let nothing arrive that was sent down a flow and is still under way."""
        self._reset.add(flow)

    def later(self, seconds: float, work: Callable[[], None]) -> None:
        """Do something later; of two things that are due together, first what was asked for first.

        The loop's own timers make no such promise.
        """
        at = self.loop.time() + seconds
        heappush(self._due, (at, next(self._order), work))
        self.loop.call_at(at, self._next)

    def _next(self) -> None:
        heappop(self._due)[2]()

    def _arrive(self, flow: Flow, octets: bytes) -> None:
        host = self._hosts.get((flow.transport, flow.remote))
        if host is not None and flow not in self._reset:
            host.arrived(_mirrored(flow), octets)


class MemoryCarrier:
    """One host's transport (implements `Carrier` and `Connector`)."""

    def __init__(self, network: MemoryNetwork, transport: Transport, address: Address, listener: Listener) -> None:
        self.transport = transport
        self.address = address
        self._network = network
        self._listener = listener
        self._open: dict[Flow, None] = {}  # in order: a set's would differ from process to process
        self._pongs: dict[Flow, asyncio.TimerHandle] = {}
        self._is_closed = False

    async def connect(self, remote: Address, *, name: str = "") -> Flow:
        """Open a connection; over UDP only name the flow.

        Raises:
            OSError: nobody listens there.
        """
        del name
        flow = Flow(self.transport, self.address, remote)
        if self.transport is Transport.UDP:
            return flow
        other = self._network.host(self.transport, remote)
        if other is None:
            raise ConnectionRefusedError(f"nobody listens on {remote}")
        flow = flow._replace(serial=self._network.serial())
        self._open[flow] = None
        other.accept(_mirrored(flow))
        return flow

    def accept(self, flow: Flow) -> None:
        """Take a connection that somebody opens."""
        self._open[flow] = None
        self._listener.opened(flow)

    def addresses(self) -> list[Address]:
        """Return the host's address."""
        return [self.address]

    def is_open(self, flow: Flow) -> bool:
        """Tell whether a flow can be sent to."""
        if self._is_closed or flow.transport is not self.transport or flow.local != self.address:
            return False
        return self.transport is Transport.UDP or flow in self._open

    def send(self, flow: Flow, octets: bytes) -> bool:
        """Send a message."""
        if not self.is_open(flow):
            return False
        self._network.carry(flow, octets)
        return True

    def ping(self, flow: Flow, patience: float) -> None:
        """Ask the other side for a sign of life: by a double CRLF, also over datagrams."""
        if flow not in self._pongs and self.send(flow, KeepAlive.PING.value):
            self._pongs[flow] = self._network.loop.call_later(patience, partial(self._silent, flow))

    def arrived(self, flow: Flow, octets: bytes) -> None:
        """Take a message from the network."""
        if not self.is_open(flow):
            return
        self._heard(flow)
        if octets == KeepAlive.PING.value:
            self.send(flow, PONG)
        elif octets != PONG:
            self._listener.receive([(flow, octets)])

    def close_flow(self, flow: Flow) -> None:
        """Close a connection; the other side learns of it a little later."""
        self._heard(flow)
        if flow in self._open:
            del self._open[flow]
            self._network.later(0.0, partial(self._listener.closed, flow))
            other = self._network.host(flow.transport, flow.remote)
            if other is not None and not self._network.is_cut(flow):
                self._network.later(self._network.weather.delay, partial(other.lost, _mirrored(flow)))

    def reset(self, flow: Flow) -> None:
        """Break a connection off: what was sent down it and is still under way never arrives."""
        if flow in self._open:
            self._network.forget_sent(flow)
            self.close_flow(flow)

    def lost(self, flow: Flow) -> None:
        """Take note that the other side has closed a connection."""
        self._heard(flow)
        if flow in self._open:
            del self._open[flow]
            self._listener.closed(flow)

    async def close(self) -> None:
        """Close all connections and leave the network."""
        for flow in (*self._open, *self._pongs):
            self.close_flow(flow)
        self._is_closed = True
        self._network.forget(self)

    def _heard(self, flow: Flow) -> None:
        deadline = self._pongs.pop(flow, None)
        if deadline is not None:
            deadline.cancel()

    def _silent(self, flow: Flow) -> None:
        self.close_flow(flow)
        if self.transport is Transport.UDP:
            self._listener.closed(flow)


def _mirrored(flow: Flow) -> Flow:
    """Name a flow as its other end does."""
    return flow._replace(local=flow.remote, remote=flow.local)
