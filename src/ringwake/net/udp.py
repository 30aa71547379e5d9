"""SIP over UDP (RFC 3261 section 18): many datagrams a turn of the loop, no task, no callback each."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections import deque

from ringwake.net import stun
from ringwake.net.stun_probe import Probe
from ringwake.net.transport import Batch, Listener
from ringwake.sip.flow import Address, Flow, Transport

DATAGRAMS_A_TURN = 64
OCTETS_A_TURN = 128 * 1024
"""So that a turn of the largest datagrams, taken apart, stays small in memory. The rest waits in the socket."""
MAX_DATAGRAM = 65_535
MAX_UNSENT = 4096
"""Datagrams that wait while the socket's buffer is full; more are dropped, as the network would."""
RECEIVE_BUFFER = 4 << 20
# Ask Linux for ICMP errors also on a socket that is not connected: <linux/in.h>, <linux/in6.h>.
_IP_RECVERR, _IPV6_RECVERR = (socket.IPPROTO_IP, 11), (socket.IPPROTO_IPV6, 25)


class Udp:
    """One bound datagram socket."""

    transport = Transport.UDP

    def __init__(
        self, sock: socket.socket, listener: Listener, loop: asyncio.AbstractEventLoop, *, advertise: str = ""
    ) -> None:
        """Take a bound socket. `advertise` is the host by which others know it, when it is bound to all addresses."""
        self._sock = sock
        self._listener = listener
        self._loop = loop
        self._unsent: deque[tuple[bytes, Address]] = deque()
        host, port, *_ = sock.getsockname()
        self._local = Address(advertise or host, port)
        self._is_open = True
        self._probes: dict[Address, Probe] = {}
        """Questions by STUN that are under way, by whom they ask."""
        self._seen_at: dict[Address, Address] = {}
        """Where others see us."""
        loop.add_reader(sock.fileno(), self._read)

    @classmethod
    def bind(cls, address: Address, listener: Listener, loop: asyncio.AbstractEventLoop, *, advertise: str = "") -> Udp:
        """Bind; port 0 takes any.

        Raises:
            OSError: the address cannot be bound.
        """
        family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        sock = socket.socket(family, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        try:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            sock.setsockopt(*(_IPV6_RECVERR if family == socket.AF_INET6 else _IP_RECVERR), 1)
            sock.bind(tuple(address))
        except OSError:
            sock.close()
            raise
        return cls(sock, listener, loop, advertise=advertise)

    def addresses(self) -> list[Address]:
        """Return the bound address."""
        return [self._local]

    def is_open(self, flow: Flow) -> bool:
        """Tell whether the flow is one of this socket: a datagram can always be sent."""
        return self._is_open and flow.transport is Transport.UDP and flow.local == self._local

    def send(self, flow: Flow, octets: bytes) -> bool:
        """Send a datagram, or keep it until the socket has room."""
        if not self._is_open:
            return False
        if self._unsent:
            self._keep(octets, flow.remote)
        else:
            self._send(octets, flow.remote)
        return True

    def ping(self, flow: Flow, patience: float) -> None:
        """Ask by STUN. The flow has failed, too, when a NAT has moved us to another address (RFC 5626 section 4.4.2).

        With a patience of ten seconds the pauses are those of the RFC: datagrams may be lost, so it takes four times
        as long until the flow is given up.
        """
        if flow.remote not in self._probes and self.is_open(flow):
            self._probes[flow.remote] = Probe(
                secrets.token_bytes(12),
                lambda octets: self._send(octets, flow.remote),
                lambda: self._lost(flow),
                pause=patience / 20,
            )

    def close_flow(self, flow: Flow) -> None:
        """Nothing: there is no connection."""

    def reset(self, flow: Flow) -> None:
        """Nothing: a datagram that was sent is gone."""

    async def close(self) -> None:
        """Close the socket."""
        if self._is_open:
            self._is_open = False
            for probe in self._probes.values():
                probe.stop()
            self._loop.remove_reader(self._sock.fileno())
            self._loop.remove_writer(self._sock.fileno())
            self._sock.close()

    def _read(self) -> None:
        batch: Batch = []
        left = OCTETS_A_TURN
        for _ in range(DATAGRAMS_A_TURN):
            if left <= 0:
                break
            try:
                octets, source = self._sock.recvfrom(MAX_DATAGRAM)
            except BlockingIOError:
                break
            except OSError:
                self._unreachable()
                continue
            left -= len(octets)
            remote = Address(source[0], source[1])
            if not octets.strip(b"\r\n\0 "):
                continue  # a keep-alive
            if stun.is_stun(octets):
                self._stun(octets, remote)
            else:
                batch.append((Flow(Transport.UDP, self._local, remote), octets))
        if batch:
            self._listener.receive(batch)

    def _unreachable(self) -> None:
        """Report whom ICMP says that earlier datagrams cannot reach (RFC 3261 section 18.4)."""
        for _ in range(DATAGRAMS_A_TURN):
            try:
                _, _, _, destination = self._sock.recvmsg(0, 0, socket.MSG_ERRQUEUE)
            except OSError:
                return
            self._lost(Flow(Transport.UDP, self._local, Address(destination[0], destination[1])))

    def _stun(self, octets: bytes, remote: Address) -> None:
        answer = stun.answer(octets, remote)
        if answer is not None:
            self._send(answer, remote)
            return
        probe = self._probes.get(remote)
        mapped = probe.answer(octets) if probe else None
        if mapped is None:
            self._listener.unreadable("a datagram is neither SIP nor STUN")
            return
        del self._probes[remote]
        if self._seen_at.setdefault(remote, mapped) != mapped:
            self._lost(Flow(Transport.UDP, self._local, remote))

    def _lost(self, flow: Flow) -> None:
        probe = self._probes.pop(flow.remote, None)
        if probe is not None:
            probe.stop()
        self._seen_at.pop(flow.remote, None)
        self._listener.closed(flow)

    def _send(self, octets: bytes, remote: Address) -> None:
        try:
            self._sock.sendto(octets, tuple(remote))
        except BlockingIOError:
            self._keep(octets, remote)
        except ConnectionError:
            # An ICMP error that came for another datagram, and is told at the next chance: this one was not sent.
            self._unreachable()
            self._again(octets, remote)
        except (OSError, OverflowError, UnicodeError):
            # No route, or no address at all (a Via may say anything): as if the network had lost it.
            self._listener.unreadable("a datagram could not be sent")

    def _again(self, octets: bytes, remote: Address) -> None:
        try:
            self._sock.sendto(octets, tuple(remote))
        except OSError:
            self._listener.unreadable("a datagram could not be sent")

    def _keep(self, octets: bytes, remote: Address) -> None:
        if len(self._unsent) < MAX_UNSENT:
            self._unsent.append((octets, remote))
            self._loop.add_writer(self._sock.fileno(), self._flush)

    def _flush(self) -> None:
        self._loop.remove_writer(self._sock.fileno())
        waiting, self._unsent = self._unsent, deque()
        while waiting and not self._unsent:
            self._send(*waiting.popleft())
        self._unsent.extend(waiting)
