"""Where the server of a SIP URI is (RFC 3263): transports and addresses, in the order in which they are to be tried.

It asks whatever implements `Dns` and does nothing else, so that every zone can be written down in a test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from ipaddress import ip_address
from itertools import groupby
from typing import NamedTuple, Protocol

from ringwake.sip.flow import Address, Transport
from ringwake.sip.uri import Uri


class ResolveError(OSError):
    """The server of a URI cannot be found; says what was asked for."""


class Naptr(NamedTuple):
    """What is used of a NAPTR record (RFC 3403)."""

    order: int
    preference: int
    service: str
    replacement: str


class Srv(NamedTuple):
    """A SRV record (RFC 2782)."""

    priority: int
    weight: int
    port: int
    target: str


class Dns(Protocol):
    """Asks the domain name system. What does not exist is an empty list.

    Each raises ResolveError when nobody answers.
    """

    async def naptr(self, name: str) -> list[Naptr]:
        """Return the NAPTR records of a name."""

    async def srv(self, name: str) -> list[Srv]:
        """Return the SRV records of a name."""

    async def addresses(self, name: str) -> list[str]:
        """Return the numeric addresses of a name: A and AAAA."""


class Target(NamedTuple):
    """One way to the server. A request that fails here is sent to the next, with a new branch (section 4.3)."""

    transport: Transport
    address: Address


_SERVICES = {
    "sip+d2u": Transport.UDP,
    "sip+d2t": Transport.TCP,
    "sips+d2t": Transport.TLS,
    "sip+d2w": Transport.WS,
    "sips+d2w": Transport.WSS,
}
# In the order in which they are asked for where there is no NAPTR record (section 4.1).
_SRV_NAMES = {Transport.TLS: "_sips._tcp", Transport.TCP: "_sip._tcp", Transport.UDP: "_sip._udp"}
_NEVER = ".invalid"
"""Names that must not be asked for: a browser's Contact (RFC 7118 section 5.2)."""


class Resolver:
    """Finds servers."""

    def __init__(self, dns: Dns, *, supported: Iterable[Transport], chance: Callable[[], float]) -> None:
        """Make a resolver.

        Args:
            dns: whom to ask.
            supported: transports that can be used.
            chance: a number from 0 to 1 for each SRV record that is drawn.
        """
        self._dns = dns
        self._supported = frozenset(supported)
        self._chance = chance

    async def targets(self, uri: Uri) -> list[Target]:
        """Return where to send a request for a URI: its `maddr` or host, never both (section 4).

        Raises:
            ResolveError: there is nothing to send it to.
        """
        host = (uri.params.get("maddr") or uri.host).strip("[]").lower().removesuffix(".")
        if host.endswith(_NEVER) or not host:
            raise ResolveError(f"{host}: this name is never looked up")
        wanted = _named(uri)
        if number := _number(host):
            transport = self._usable(wanted or _default(uri), host)
            return [Target(transport, Address(number, uri.port or transport.default_port))]
        if uri.port is not None:
            return await self._hosts(self._usable(wanted or _default(uri), host), host, uri.port)
        if wanted is not None:
            return await self._service(self._usable(wanted, host), host)
        return await self._any_service(uri, host)

    # ---- section 4.1: which transport

    async def _any_service(self, uri: Uri, host: str) -> list[Target]:
        targets: list[Target] = []
        records = await self._dns.naptr(host)
        for record in sorted(records, key=lambda r: (r.order, r.preference)):
            transport = _SERVICES.get(record.service.lower())
            if transport is not None and self._fits(transport, uri):
                targets += await self._records(transport, record.replacement)
        if records:
            return _found(targets, host)
        for transport, name in _SRV_NAMES.items():
            if self._fits(transport, uri):
                targets += await self._records(transport, f"{name}.{host}")
        return targets or await self._hosts(self._usable(_default(uri), host), host, None)

    def _fits(self, transport: Transport, uri: Uri) -> bool:
        return transport in self._supported and (transport.is_secure or uri.scheme == "sip")

    def _usable(self, transport: Transport, host: str) -> Transport:
        if transport not in self._supported:
            raise ResolveError(f"{host}: no {transport.value.upper()} here")
        return transport

    # ---- section 4.2: which address and port

    async def _service(self, transport: Transport, host: str) -> list[Target]:
        name = _SRV_NAMES.get(transport)
        targets = await self._records(transport, f"{name}.{host}") if name else []
        return targets or await self._hosts(transport, host, None)

    async def _records(self, transport: Transport, name: str) -> list[Target]:
        targets: list[Target] = []
        for record in self._in_order(await self._dns.srv(name)):
            if record.target.strip("."):  # a lone dot says that there is no such service
                found = await self._dns.addresses(record.target)
                targets += [Target(transport, Address(host, record.port)) for host in found]
        return targets

    async def _hosts(self, transport: Transport, host: str, port: int | None) -> list[Target]:
        found = await self._dns.addresses(host)
        return _found([Target(transport, Address(each, port or transport.default_port)) for each in found], host)

    def _in_order(self, records: list[Srv]) -> list[Srv]:
        """Order SRV records: by priority, and among equals drawn by weight (RFC 2782)."""
        ordered: list[Srv] = []
        for _, equals in groupby(sorted(records), key=lambda record: record.priority):
            left = list(equals)
            while left:
                drawn = self._chance() * sum(record.weight for record in left)
                for record in left:
                    drawn -= record.weight
                    if drawn <= 0:
                        break
                ordered.append(record)
                left.remove(record)
        return ordered


def transport_of(uri: Uri) -> Transport:
    """Return the transport that a URI names, or the one that it means by naming none and having a port or a number.

    Raises:
        ResolveError: there is no such transport.
    """
    return _named(uri) or _default(uri)


def _named(uri: Uri) -> Transport | None:
    """Return the transport that a URI names, or None."""
    name = (uri.params.get("transport") or "").lower()
    if not name:
        return None
    try:
        transport = Transport(name)
    except ValueError:
        raise ResolveError(f"{uri.host}: no transport {name[:20]} here") from None
    if uri.scheme == "sips":
        transport = {Transport.TCP: Transport.TLS, Transport.WS: Transport.WSS}.get(transport, transport)
        if not transport.is_secure:
            raise ResolveError(f"{uri.host}: sips over {name} is not secure")
    return transport


def _default(uri: Uri) -> Transport:
    return Transport.TLS if uri.scheme == "sips" else Transport.UDP


def _number(host: str) -> str:
    """Return a numeric host as the system writes it, or its packets would seem to be another's; empty for a name."""
    try:
        return str(ip_address(host))
    except ValueError:
        return ""


def _found(targets: list[Target], host: str) -> list[Target]:
    if not targets:
        raise ResolveError(f"{host}: no address")
    return targets
