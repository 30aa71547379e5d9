"""The ways to the tenants' PBXs, opened."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ringwake.config.schema import ListenSection
from ringwake.model.events import Event
from ringwake.model.tenant import Tenant
from ringwake.net.name_server import NameServer
from ringwake.net.resolver import Resolver
from ringwake.net.stack import Stack
from ringwake.net.stream import Stream
from ringwake.net.tls import client_context
from ringwake.net.transport import Carrier
from ringwake.net.trunk import Dialled, Keepers, Trunks
from ringwake.net.trunk_line import TrunkLine, watch
from ringwake.sip.flow import Address, Transport
from ringwake.sip.uri import parse_uri

_TRUNKED = (Transport.UDP, Transport.TCP, Transport.TLS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the ways to PBXs are made of."""

    stack: Stack
    listeners: Mapping[Transport, Address]
    """The first listener of each transport, as others know it: where the PBX finds us."""
    node: str
    """Name of this life of the server, for flows."""
    note: Callable[[Event], None]
    authorities: Mapping[str, Path]
    """PEM file with the authorities of a tenant's PBX, by domain; the system's where there is none."""


def open_trunks(tenants: list[Tenant], around: Surroundings) -> tuple[Trunks, Keepers]:
    """Begin to reach the PBXs that can be dialled."""
    loop = asyncio.get_running_loop()
    trunks, keepers = Trunks(), Keepers()
    supported = [transport for transport in around.listeners if transport in _TRUNKED]
    finder = Resolver(NameServer(), supported=supported, chance=random.random)
    for tenant in tenants:
        if not tenant.pbx:
            continue
        way = Dialled(
            tenant=tenant.domain,
            uri=parse_uri(tenant.pbx),
            finder=finder,
            listeners=around.listeners,
            lines=_lines(around, tenant.domain),
            note=around.note,
            clock=loop.time,
        )
        trunks.add(tenant.domain, way)
        keepers.keep(way)
    return trunks, keepers


def known_as(sections: Sequence[ListenSection], carriers: Sequence[Carrier]) -> dict[Transport, Address]:
    """Return where a PBX finds the first listener of each transport: a wildcard address leads nowhere."""
    found: dict[Transport, Address] = {}
    for carrier, address in zip(carriers, advertised(sections, carriers), strict=True):
        found.setdefault(carrier.transport, address)
    return found


def advertised(sections: Sequence[ListenSection], carriers: Sequence[Carrier]) -> list[Address]:
    """Return the address of each listener as others know it."""
    both = ((section, carrier.addresses()[0]) for section, carrier in zip(sections, carriers, strict=True))
    return [Address(section.advertise or address.host, address.port) for section, address in both]


def _lines(around: Surroundings, domain: str) -> dict[Transport, TrunkLine]:
    """Make what opens connections: beside the listeners, since a client's TLS has other settings than a server's."""
    lines: dict[Transport, TrunkLine] = {}
    for transport in (Transport.TCP, Transport.TLS):
        if transport in around.listeners:
            tls = client_context(around.authorities.get(domain)) if transport is Transport.TLS else None
            make = partial(Stream, transport, node=around.node, tls=tls, prepare=watch)
            line = lines[transport] = TrunkLine(domain, around.stack, make)
            around.stack.add_node(line, line.node)
    return lines
