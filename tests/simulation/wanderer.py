"""A phone written by hand that comes, leaves and moves as it is told, and what the server sends it."""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.support.stranger import Stranger
from tests.support.virtual_loop import pause
from tests.support.world import PROJECT, SERVER, World

from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Request
from ringwake.sip.parser import parse

USER = "alice"


@dataclass
class Wanderer:
    """One phone of alice: an instance and a token, and one wire after the other."""

    world: World
    number: int
    transport: Transport
    wires: list[Stranger] = field(default_factory=list)
    is_out: bool = True
    """Whether its last wire is gone."""
    registered: list[Flow] = field(default_factory=list)
    """Flows, by the server's name, down which it has registered."""
    rang_at: float | None = None
    """When it has first answered the INVITE."""
    has_stayed: bool = True
    """Whether it has lost no wire since then."""
    has_spoken: bool = False
    """Whether it has said its final word."""
    last: tuple[Stranger, Request] | None = None
    """Its last REGISTER, and the wire that carried it."""

    @property
    def token(self) -> str:
        return f"token-of-phone-{self.number}"

    @property
    def host(self) -> str:
        return f"203.0.113.{10 + self.number}"

    async def wire(self) -> Stranger:
        """Return its wire; it opens one when it has none."""
        if self.is_out:
            address = Address(self.host, 4000 + len(self.wires))
            self.wires.append(await Stranger(self.world, transport=self.transport, address=address).open())
            self.is_out = False
        return self.wires[-1]

    async def lose(self) -> None:
        """Lose its wire, and nobody is told."""
        if self.is_out:
            return
        self.is_out, self.has_stayed = True, self.rang_at is None
        if self.transport is Transport.UDP:
            await self.wires[-1].close()
        else:
            self.world.network.cut(self.wires[-1].flow)

    async def sleep(self) -> None:
        """Close its wire, as the system does for an app that it ends."""
        if not self.is_out:
            self.is_out, self.has_stayed = True, self.rang_at is None
            await self.wires[-1].close()

    def move(self) -> None:
        """Go on by another wire; the old one stays as it is."""
        self.is_out = True

    async def hears_late(self) -> list[Flow]:
        """Mend all cables that are cut; return the flows by which an INVITE still comes, by the server's name."""
        cut = [wire for wire in self.wires if self.world.network.is_cut(wire.flow)]
        known = [len(wire.requests) for wire in cut]
        for wire in cut:
            self.world.network.mend(wire.flow)
        await pause(1)
        late = [(wire, wire.requests[count:]) for wire, count in zip(cut, known, strict=True)]
        return [wire.their_flow for wire, came in late if any(request.method == "INVITE" for request in came)]

    # ---- REGISTERs

    async def ask_unsigned(self) -> None:
        """Register without credentials."""
        wire = await self.wire()
        answer = await wire.ask(self._register(wire))
        assert answer is not None
        assert answer.status == 401

    async def register(self) -> None:
        """Register."""
        wire = await self.wire()
        signed = await wire.signed(USER, self._register(wire))
        self.last = wire, signed
        self.registered.append(wire.their_flow)
        wire.send(signed)
        await pause(0.01)
        assert [response.status for response in wire.responses_to(signed)][-1:] == [200]

    async def register_five_times(self) -> None:
        """Register five times in 200 milliseconds."""
        for _ in range(5):
            await self.register()
            await pause(0.03)

    async def register_again(self) -> None:
        """Send the last REGISTER again, where it went before."""
        if self.last is not None and not self.is_out and self.last[0] is self.wires[-1]:
            self.last[0].send(self.last[1])
            await pause(0.01)

    def _register(self, wire: Stranger) -> Request:
        where = f"sip:{USER}@{wire.address};pn-provider=fcm;pn-param={PROJECT};pn-prid={self.token}"
        return wire.register(USER, contact=f'<{where}>;+sip.instance="<urn:uuid:{self.number}>"')

    # ---- calls

    async def answer(self, status: int) -> None:
        """Answer the INVITE, if it has come by any wire that still works."""
        if self.is_out or self.has_spoken:
            return
        invites = [request for wire in self.wires for request in wire.requests if request.method == "INVITE"]
        if invites:
            self.has_spoken = status >= 200
            self.wires[-1].answer(invites[-1], status, to_tag=f"phone-{self.number}")
            await pause(0.01)
            self.rang_at = self.rang_at or self.world.loop.time()

    def invites(self) -> list[tuple[float, Flow, str]]:
        """Return when, down which flow and in which branch the server has sent it INVITEs."""
        found = []
        for at, flow, octets in self.world.network.sent:
            if flow.local == SERVER and flow.remote.host == self.host and octets.startswith(b"INVITE "):
                found.append((at, flow, parse(octets).via.branch))
        return found

    def pushes(self) -> list[float]:
        """Return when it was pushed to for the call."""
        sent = self.world.provider.pushes
        return [at for at, push in sent if push.token.reveal() == self.token and push.notice.kind == "call"]
