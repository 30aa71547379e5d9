"""Opening the way to the server, by whichever transport the settings name."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from dataclasses import replace
from socket import AF_INET, AF_INET6, SOCK_DGRAM, socket
from ssl import SSLError
from typing import TypeAlias

from ringwake.net.resolver import Resolver
from ringwake.net.stack import Stack
from ringwake.net.stream import Stream
from ringwake.net.tls import client_context
from ringwake.net.transport import Carrier
from ringwake.net.udp import Udp
from ringwake.net.websocket import WebSocket
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.uri import Uri
from ringwake.softphone.settings import PhoneSettings

Dial: TypeAlias = Callable[[PhoneSettings, Stack, str], Awaitable[tuple[Carrier, Flow]]]
"""Connects: (settings, the stack to report to, a name for this life of the phone) -> (transport, flow)."""


async def dial(settings: PhoneSettings, stack: Stack, node: str) -> tuple[Carrier, Flow]:
    """Connect over the network.

    Raises:
        OSError: the server cannot be reached.
    """
    transport = settings.transport
    if transport is Transport.UDP:
        udp = Udp.bind(Address(_local_host(settings.server), 0), stack, asyncio.get_running_loop())
        return udp, Flow(transport, udp.addresses()[0], settings.server)
    tls = client_context(settings.ca_file) if transport.is_secure else None
    kind = WebSocket if transport in (Transport.WS, Transport.WSS) else Stream
    carrier = kind(transport, stack, node=node, tls=tls)
    return carrier, await carrier.connect(settings.server, name=settings.server_name)


def by_name(uri: Uri, resolver: Resolver) -> Dial:
    """Return a way to connect to the server of a SIP URI: looked up each time, and where one fails the next is tried.

    The certificate must prove the URI's own host, whatever name the look-up led to (RFC 5922 section 4).
    """

    async def dial_first(settings: PhoneSettings, stack: Stack, node: str) -> tuple[Carrier, Flow]:
        failure: OSError | None = None
        for target in await resolver.targets(uri):
            there = replace(
                settings, server=target.address, transport=target.transport, server_name=uri.host.strip("[]")
            )
            try:
                return await dial(there, stack, node)
            except OSError as error:  # RFC 3263 section 4.3
                failure = failure or error
        assert failure is not None, "there is a target, or it would have been an error"
        raise failure

    return dial_first


def why_unreachable(error: OSError) -> str:
    """Return the reason in the system's words, without the addresses that asyncio puts there."""
    if isinstance(error, SSLError):  # its numbers are none of the system's
        return getattr(error, "verify_message", "") or str(error)
    return os.strerror(error.errno) if error.errno else str(error) or "no answer in time"


def _local_host(server: Address) -> str:
    """Return our address on the way to the server; connecting a datagram socket sends nothing."""
    with socket(AF_INET6 if ":" in server.host else AF_INET, SOCK_DGRAM) as probe:
        probe.connect(tuple(server))
        return str(probe.getsockname()[0])
