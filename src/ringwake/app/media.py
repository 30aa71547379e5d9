"""What stands between the stack and the server: nothing, or the gate that sends relayed calls through rtpengine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from ringwake.config.load import host_port
from ringwake.config.schema import MediaSection
from ringwake.edge.core import Core
from ringwake.edge.media.gate import MediaGate
from ringwake.edge.media.rules import rules_of
from ringwake.edge.perform import Sip
from ringwake.edge.server import Server
from ringwake.model.events import Event
from ringwake.model.ports import Ids
from ringwake.net.rtpengine import RtpEngine
from ringwake.net.stack import Stack
from ringwake.sip.flow import Address, Flow
from ringwake.sip.message import Request
from ringwake.sip.transactions.servers import ServerTransaction


@dataclass(frozen=True, slots=True)
class Front:
    """How server and stack reach each other."""

    stack: Stack
    relay: RtpEngine | None = None
    gate: MediaGate | None = None

    @property
    def sip(self) -> Sip:
        """What the server's performer speaks to."""
        return self.stack if self.gate is None else self.gate

    def attach(self, server: Server) -> None:
        """Let the server have what the stack reports."""
        if self.gate is None:
            self.stack.attach(server)
        else:
            self.gate.attach(server)
            self.stack.attach(self.gate)

    def adopt(self, request: Request, flow: Flow) -> ServerTransaction:
        """Take up an INVITE of an earlier life; its call is relayed as it was."""
        transaction = self.stack.adopt(request, flow)
        if self.gate is not None:
            self.gate.expect(transaction, request, flow)
        return transaction

    def close(self) -> None:
        """Ask the relay nothing more. Calls that are relayed go on."""
        if self.relay is not None:
            self.relay.close()


async def open_front(section: MediaSection | None, core: Core, *, stack: Stack, note: Callable[[Event], None]) -> Front:
    """Open the way to rtpengine, if there is one. Whether it answers shows with the first call.

    Raises:
        ConfigError: its address is none.
        OSError: there is no way to it.
    """
    if section is None:
        return Front(stack)
    relay = await open_rtpengine(section, core.ids)
    clock = asyncio.get_running_loop().time
    return Front(stack, relay, MediaGate(sip=stack, relay=relay, rules=rules_of(core), note=note, clock=clock))


async def open_rtpengine(section: MediaSection, ids: Ids) -> RtpEngine:
    """Open a way to the rtpengine of the configuration (see `open_front`); `ping()` tells whether it lives."""
    at = host_port(section.rtpengine, "media.rtpengine")
    return await RtpEngine.open(Address(at.host, at.port), ids)
