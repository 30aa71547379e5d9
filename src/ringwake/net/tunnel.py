"""The way to a PBX that nothing can dial: one or more connectors beside it have dialled us (ADR 0021)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ringwake.model.events import Event, Field, Happened
from ringwake.net.transport import Listener
from ringwake.net.tunnel_frames import TunnelFullError
from ringwake.net.tunnel_link import Link
from ringwake.net.tunnel_parcels import KEEP_SECONDS, Parcel, Waiting
from ringwake.sip.flow import CONNECTOR, Address, Flow, Transport

MAX_LINKS = 16
RETURN_SECONDS = 5.0
"""So long after the last connector went a new request still goes its way: one that was restarted is back by then, and
the one of an earlier life of the server (see `MOST_SECONDS` of `ringwake.connector.pauses`)."""
MAX_FLOWS = 1024
"""Flows of which is remembered that they are to be reported when they close; the oldest are forgotten."""
_KINDS = (Transport.UDP, Transport.TCP)


class Tunnel:
    """One tenant's PBX. A `Carrier` of flows that name its node, and the `Way` of its tenant.

    Flows are those of the PBX's network: `local` is the connector, `remote` the PBX. So what we write into Via and
    Record-Route can be reached by the PBX, and a stored flow is good in a later life of either side. Private addresses
    are the same in many networks: the node tells the tenants apart.
    """

    transport = Transport.UDP
    """Not used: each connector has its own."""

    def __init__(self, tenant: str, listener: Listener, *, note: Callable[[Event], None]) -> None:
        """Make a tunnel. Within an event loop: for a while connectors of an earlier life of the server are awaited."""
        self.tenant = tenant
        self.node = f"{CONNECTOR}{tenant}"
        self._listener = listener
        self._note = note
        self._loop = asyncio.get_running_loop()
        self._links: list[Link] = []
        self._waiting = Waiting()
        self._flows: dict[Flow, None] = {}
        self._last: Flow | None = None
        """Where a request last went, or would have gone."""
        self._ends: dict[Transport, asyncio.TimerHandle] = {}
        """When flows are given up, by transport, while nobody carries them."""
        self._left_at = self._loop.time()
        for kind in _KINDS:
            self._expect(kind)

    # ---- as a way to the PBX

    def flow(self) -> Flow | None:
        """Return where a new request goes now: always by the same of several connectors, while it is good.

        Its address stands in our registrations at the PBX. One that had those of two connectors would call an account
        by both, and its phones would get each call twice.
        """
        links = self._best(self._links)
        if links:
            return self._flow_of(_first(links))
        return self._last if self._loop.time() - self._left_at < RETURN_SECONDS else None

    def is_from(self, flow: Flow) -> bool:
        """Tell whether the PBX is at the other end of a flow."""
        return flow.node == self.node

    def is_near(self, flow: Flow) -> bool:
        """Tell whether the other end has the PBX's address: nobody else's address is ever passed on."""
        return self.is_from(flow)

    # ---- as a transport

    def send(self, flow: Flow, octets: bytes) -> bool:
        """Send by the connector that the flow names, else by another, else when one is back."""
        if not self.is_open(flow):
            return False
        self._remember(flow)
        if self._last is None:  # a call of an earlier life is answered: it tells where the PBX is
            self._last = flow
        parcel = Parcel(flow, octets, self._loop.time() + KEEP_SECONDS)
        return self._pass_on(parcel) or self._keep(parcel)

    def is_open(self, flow: Flow) -> bool:
        """Tell whether somebody carries the flow, or may soon."""
        if flow.node != self.node:
            return False
        return flow.transport in self._ends or any(link.side.transport is flow.transport for link in self._links)

    def ping(self, flow: Flow, patience: float) -> None:
        """Nothing: the links are pinged as they are."""

    def close_flow(self, flow: Flow) -> None:
        """Nothing: the connection, if there is one, is the connector's."""

    def reset(self, flow: Flow) -> None:
        """Nothing: the connection, if there is one, is the connector's."""

    def addresses(self) -> list[Address]:
        """Return where the PBX sees us."""
        return list(dict.fromkeys(link.side.local for link in self._links))

    async def close(self) -> None:
        """Await nobody any more."""
        for timer in self._ends.values():
            timer.cancel()
        self._ends.clear()
        self._links.clear()

    # ---- what its connectors report

    def join(self, link: Link) -> None:
        """Take up a connector, and give it what waits.

        Raises:
            TunnelFullError: there are enough of them.
        """
        if len(self._links) >= MAX_LINKS:
            raise TunnelFullError(f"{MAX_LINKS} connectors of this tenant are connected already")
        self._links.append(link)
        timer = self._ends.pop(link.side.transport, None)
        if timer is not None:
            timer.cancel()
        self._last = self._flow_of(link)
        if len(self._links) == 1:
            self._tell(Happened.PBX_REACHED, link)
        for parcel in self._waiting.take(self._loop.time()):
            if not self._pass_on(parcel):
                self._keep(parcel)

    def leave(self, link: Link, why: str) -> None:
        """Forget a connector. What it had not taken goes another way."""
        if link not in self._links:
            return
        self._links.remove(link)
        self._left_at = self._loop.time()
        kind = link.side.transport
        if not any(other.side.transport is kind for other in self._links):
            self._expect(kind)
        if not self._links:
            self._tell(Happened.PBX_LOST, link, why)
        elif self._is_missed(link):
            self._loop.call_later(RETURN_SECONDS, self._moved, link, why)
        for parcel in link.left():
            if parcel.until > self._left_at and not self._pass_on(parcel):
                self._keep(parcel)

    def receive(self, link: Link, remote: Address, octets: bytes) -> None:
        """Take a message of the PBX."""
        flow = self._flow_of(link, remote)
        self._remember(flow)
        self._listener.receive([(flow, octets)])

    def unreachable(self, link: Link, remote: Address) -> None:
        """Report that what was sent to the PBX is lost."""
        self._listener.closed(self._flow_of(link, remote))

    # ---- inside

    def _flow_of(self, link: Link, remote: Address | None = None) -> Flow:
        return Flow(link.side.transport, link.side.local, remote or link.side.pbx, 0, self.node)

    def _best(self, links: list[Link]) -> list[Link]:
        """Return those that do not let messages lie; if all do, all."""
        able = [link for link in links if link.is_open]
        return [link for link in able if not link.is_slow] or able

    def _pass_on(self, parcel: Parcel) -> bool:
        flow = parcel.flow
        links = self._best([link for link in self._links if link.side.transport is flow.transport])
        links.sort(key=lambda link: link.side.local != flow.local)
        return any(link.send(parcel, _address_for(link, flow)) for link in links)

    def _keep(self, parcel: Parcel) -> bool:
        # Also while a connector is there whose link is just being closed: it will leave in a moment.
        return self._waiting.put(parcel)

    def _remember(self, flow: Flow) -> None:
        self._flows.pop(flow, None)
        self._flows[flow] = None
        if len(self._flows) > MAX_FLOWS:
            del self._flows[next(iter(self._flows))]

    def _expect(self, kind: Transport) -> None:
        """Wait for a connector to return, but not for ever."""
        self._ends[kind] = self._loop.call_later(KEEP_SECONDS, self._give_up, kind)

    def _is_missed(self, link: Link) -> bool:
        return not any(other.side.local == link.side.local for other in self._links)

    def _moved(self, link: Link, why: str) -> None:
        """Tell that what the PBX sends to one of several connectors gets nowhere, and that it is reached by another.

        So all registrations there that name the first one are made anew, in the name of the other.
        """
        if self._links and self._is_missed(link):
            self._tell(Happened.PBX_LOST, link, why)
            self._tell(Happened.PBX_REACHED, _first(self._links))

    def _give_up(self, kind: Transport) -> None:
        del self._ends[kind]
        self._waiting.forget(kind)
        for flow in [flow for flow in self._flows if flow.transport is kind]:
            del self._flows[flow]
            self._listener.closed(flow)

    def _tell(self, what: Happened, link: Link, why: str = "") -> None:
        fields: dict[str, Field] = {
            "tenant": self.tenant,
            "pbx": str(link.side.pbx),
            "connector": link.name,
        }
        if why:
            fields["reason"] = why
        self._note(Event(what, self._loop.time(), "", fields))


def _first(links: list[Link]) -> Link:
    """Return the one that is preferred: the same in each life of the server, in whatever order they come."""
    return min(links, key=lambda link: link.side.local)


def _address_for(link: Link, flow: Flow) -> Address:
    """Return where a connector is to send: another one may know the PBX under another address."""
    return flow.remote if flow.remote.host == link.side.pbx.host else link.side.pbx
