"""The side of the PBX: datagrams or connections from and to its addresses, and nobody else's."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from ringwake.net.stream import Stream
from ringwake.net.transport import Batch
from ringwake.net.udp import Udp
from ringwake.sip.flow import Address, Flow, Transport

LOGGER = logging.getLogger("ringwake")
CONNECT_SECONDS = 5.0
MAX_UNSENT = 1000
"""Messages that wait while a connection to the PBX is being opened; more are dropped, as the network would."""


class Reports(Protocol):
    """Who is told what comes from the PBX."""

    def take(self, flow: Flow, octets: bytes) -> None:
        """Take a message of the PBX."""

    def unreachable(self, remote: Address) -> None:
        """Take note that what was sent there is lost."""


class Pbx(Protocol):
    """What is common to datagrams and connections."""

    strangers: int
    """Messages and connections that were turned away: they came from another address."""

    @property
    def local(self) -> Address:
        """Where the PBX sees us."""

    def send(self, remote: Address, octets: bytes) -> None:
        """Send to one of the PBX's addresses; to its first, if `remote` is none of them."""

    async def close(self) -> None:
        """Close everything."""


async def open_pbx(transport: Transport, local: Address, known: tuple[Address, ...], reports: Reports) -> Pbx:
    """Open the side of the PBX.

    Raises:
        OSError: the local address cannot be bound.
    """
    if transport is Transport.UDP:
        return PbxDatagrams(local, known, reports)
    connections = PbxConnections(known, reports)
    await connections.listen(local)
    return connections


class _Side:
    """Counts whoever is not the PBX. A `Listener` but for what differs."""

    def __init__(self, known: tuple[Address, ...], reports: Reports) -> None:
        self._known = known
        self._reports = reports
        self.strangers = 0

    def unreadable(self, rule: str) -> None:
        """Take note of octets that were no message."""
        LOGGER.warning("from or to the PBX: %s", rule)

    def _turned_away(self, remote: Address) -> None:
        self.strangers += 1
        if str(self.strangers).strip("0") == "1":  # the first, the tenth, the hundredth: a flood fills no disk
            LOGGER.warning("%s is not the PBX: turned away, number %d", remote, self.strangers)


class PbxDatagrams(_Side):
    """UDP. The PBX is who sends from its own address and port."""

    def __init__(self, local: Address, known: tuple[Address, ...], reports: Reports) -> None:
        super().__init__(known, reports)
        self._udp = Udp.bind(local, self, asyncio.get_running_loop())

    @property
    def local(self) -> Address:
        """Where the PBX sees us."""
        return self._udp.addresses()[0]

    def send(self, remote: Address, octets: bytes) -> None:
        """Send a datagram."""
        self._udp.send(Flow(Transport.UDP, self.local, remote if remote in self._known else self._known[0]), octets)

    async def close(self) -> None:
        """Close the socket."""
        await self._udp.close()

    def receive(self, batch: Batch) -> None:
        """Pass on what the PBX sends."""
        for flow, octets in batch:
            if flow.remote in self._known:
                self._reports.take(flow, octets)
            else:
                self._turned_away(flow.remote)

    def opened(self, flow: Flow) -> None:
        """Nothing: datagrams have no connection."""

    def closed(self, flow: Flow) -> None:
        """The network says that the PBX is not there."""
        if flow.remote in self._known:
            self._reports.unreachable(flow.remote)


class PbxConnections(_Side):
    """TCP: connections of the PBX, whose ports are any, and one of ours to it."""

    def __init__(self, known: tuple[Address, ...], reports: Reports) -> None:
        super().__init__(known, reports)
        self._hosts = frozenset(address.host for address in known)
        self._stream = Stream(Transport.TCP, self, node="")
        self._flows: dict[Address, Flow] = {}
        """Connections that stand, by the address at their other end."""
        self._unsent: list[bytes] = []
        self._dialling: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()

    async def listen(self, local: Address) -> None:
        """Accept the PBX's connections.

        Raises:
            OSError: the address cannot be bound.
        """
        await self._stream.listen(local)

    @property
    def local(self) -> Address:
        """Where the PBX sees us."""
        return self._stream.addresses()[0]

    def send(self, remote: Address, octets: bytes) -> None:
        """Send down the connection that is meant; if it is gone, to the PBX's own address (RFC 3261 section 18.2.2)."""
        for address in (remote, *self._known):
            flow = self._flows.get(address)
            if flow is not None and self._stream.send(flow, octets):
                return
        if len(self._unsent) < MAX_UNSENT:
            self._unsent.append(octets)
        if self._dialling is None:
            self._dialling = self._loop.create_task(self._dial())

    async def close(self) -> None:
        """Close everything."""
        if self._dialling is not None:
            self._dialling.cancel()
            await asyncio.gather(self._dialling, return_exceptions=True)
        await self._stream.close()

    def receive(self, batch: Batch) -> None:
        """Pass on what the PBX sends."""
        for flow, octets in batch:
            if flow.remote.host in self._hosts:
                self._reports.take(flow, octets)

    def opened(self, flow: Flow) -> None:
        """Take up a connection of the PBX, or turn somebody else's away."""
        if flow.remote.host in self._hosts:
            self._flows[flow.remote] = flow
        else:
            self._turned_away(flow.remote)
            self._loop.call_soon(self._stream.reset, flow)

    def closed(self, flow: Flow) -> None:
        """Forget a connection."""
        if self._flows.get(flow.remote) == flow:
            del self._flows[flow.remote]

    async def _dial(self) -> None:
        for address in self._known:
            try:
                async with asyncio.timeout(CONNECT_SECONDS):
                    flow = await self._stream.connect(address)
            except OSError:
                continue
            for octets in self._unsent:
                self._stream.send(flow, octets)
            break
        else:
            LOGGER.warning("the PBX at %s takes no connection: %d messages are lost", self._known[0], len(self._unsent))
            self._reports.unreachable(self._known[0])
        self._unsent.clear()
        self._dialling = None
