"""A SIP server written by hand, in memory and virtual time, and a line to it: the server says what a test wants."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass, field
from random import Random
from typing import Any

from tests.support.ids import SeededIds
from tests.support.recorder import Recorder
from tests.support.sip_messages import octets, received_request
from tests.support.virtual_loop import run_virtual

from ringwake.net.memory import MemoryNetwork
from ringwake.net.stack import Stack
from ringwake.net.transport import Carrier
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply
from ringwake.softphone.line import Line
from ringwake.softphone.line_events import CallChanged, InviteArrived, LineEvent, MessageArrived
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.call import IncomingCall
from ringwake.ua.identity import Identity

SERVER = Address("10.0.0.1", 5060)
PHONE = "10.0.1.1"
ALICE = Identity(user="alice", domain="example.com", password=Secret("alice-password"), display="Alice")
CHALLENGE = 'Digest realm="example.com", nonce="n1", algorithm=SHA-256, qop="auth"'
SDP = b"v=0\r\no=- 1 1 IN IP4 10.0.0.9\r\ns=-\r\nc=IN IP4 10.0.0.9\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"


def phone_settings(transport: Transport = Transport.TCP, **changes: Any) -> PhoneSettings:
    """Return the settings of a phone without push."""
    values: dict[str, Any] = {
        "identity": ALICE,
        "server": SERVER,
        "transport": transport,
        "device_secret": Secret("-"),
        "instance": "urn:uuid:00000000-0000-4000-8000-000000000001",
    }
    return PhoneSettings(**{**values, **changes})


class HandServer:
    """Hears everything; `answer` and `send` are the test's."""

    def __init__(self, network: MemoryNetwork, transport: Transport) -> None:
        self.recorder = Recorder()
        self._network = network
        self._transport = transport
        self._branches = itertools.count(1)
        self.carrier = network.carrier(transport, SERVER, self.recorder)

    async def close(self) -> None:
        """Go away."""
        await self.carrier.close()

    def open_again(self) -> None:
        """Come back, at the same address."""
        self.carrier = self._network.carrier(self._transport, SERVER, self.recorder)

    @property
    def flow(self) -> Flow:
        """The newest flow."""
        return self.recorder.flows[-1] if self._transport is Transport.UDP else self.recorder.open[-1]

    def send(self, message: Message | bytes) -> None:
        """Say something to the phone."""
        assert self.carrier.send(self.flow, message if isinstance(message, bytes) else message.encode())

    def answer(self, request: Request, status: int, *fields: tuple[str, str], to_tag: str = "server") -> None:
        """Answer a request."""
        self.send(reply(request, status, to_tag=to_tag, headers=fields))

    @property
    def heard(self) -> list[Message]:
        """All that the phone has said."""
        return [parse(message) for message in self.recorder.messages]

    @property
    def statuses(self) -> list[int]:
        """Of all responses of the phone."""
        return [message.status for message in self.heard if isinstance(message, Response)]

    async def request(self, method: str, count: int = 1) -> Request:
        """Return the phone's n-th request of a method, retransmissions counted; wait for it if need be."""

        def found() -> list[Request]:
            return [m for m in self.heard if isinstance(m, Request) and m.method == method]

        await self.recorder.until(lambda: len(found()) >= count)
        return found()[count - 1]

    async def response(self, request: Request, least: int = 200) -> Response:
        """Return the phone's first response to a request from that status on; wait for it if need be."""

        def found() -> list[Response]:
            responses = [m for m in self.heard if isinstance(m, Response) and m.via.branch == request.via.branch]
            return [r for r in responses if r.cseq.method == request.method and r.status >= least]

        await self.recorder.until(found)
        return found()[0]

    def write(
        self,
        method: str,
        *more: str,
        call_id: str = "call-1",
        to_tag: str = "",
        branch: str = "",
        sender: str = '"Boss" <sip:boss@example.com>;tag=b1',
        seq: int = 1,
        body: bytes = b"",
    ) -> Request:
        """Write a request to the phone."""
        to = f"<sip:alice@example.com>{f';tag={to_tag}' if to_tag else ''}"
        fields = [
            f"Via: SIP/2.0/{self._transport.via} {SERVER};branch={branch or f'z9hG4bK{next(self._branches)}'}",
            "Max-Forwards: 70",
            f"From: {sender}",
            f"To: {to}",
            f"Call-ID: {call_id}",
            f"CSeq: {seq} {method}",
            *more,
            f"Content-Length: {len(body)}",
        ]
        return received_request(octets(f"{method} sip:alice@{PHONE} SIP/2.0", *fields, body=body))

    def invite(self, *more: str, **changes: Any) -> Request:
        """Write a good INVITE."""
        fields = ("Contact: <sip:boss@10.0.0.9>", "Content-Type: application/sdp")
        return self.write("INVITE", *fields, *more, **{"body": SDP, **changes})

    def within(self, method: str, invite: Request, answered: Response, *more: str, seq: int = 2) -> Request:
        """Write a request inside the dialog of an INVITE of ours; an ACK takes the INVITE's number."""
        tag = (answered.headers.get("to") or "").rpartition("tag=")[2]
        number = invite.cseq.number if method == "ACK" else seq
        return self.write(method, *more, call_id=invite.call_id, to_tag=tag, seq=number)

    async def tell(self, method: str, *more: str, **changes: Any) -> int:
        """Send a request and return the status of its final response."""
        request = self.write(method, *more, **changes)
        self.send(request)
        return (await self.response(request)).status


@dataclass
class Scene:
    """A line to a server, in virtual time."""

    network: MemoryNetwork
    server: HandServer
    line: Line = field(init=False)
    events: list[LineEvent] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    """Of calls, as they were reported."""
    faults: list[dict[str, Any]] = field(default_factory=list)

    def take(self, event: LineEvent) -> None:
        """Take what the line reports."""
        self.events.append(event)
        if isinstance(event, CallChanged):
            self.states.append(event.call.state.value)

    @property
    def calls(self) -> list[IncomingCall]:
        """Calls that have rung."""
        return [event.call for event in self.events if isinstance(event, InviteArrived)]

    @property
    def texts(self) -> list[MessageArrived]:
        """Texts that have come."""
        return [event for event in self.events if isinstance(event, MessageArrived)]

    async def rings(self, *more: str, **changes: Any) -> tuple[Request, IncomingCall]:
        """Call the phone; return the INVITE and the call that rings."""
        invite = self.server.invite(*more, **changes)
        self.server.send(invite)
        await self.server.response(invite, 180)
        return invite, self.calls[-1]

    async def up(self) -> tuple[Request, Response, IncomingCall]:
        """Call the phone, let it answer, acknowledge; return INVITE, 200 and call."""
        invite, call = await self.rings()
        self.line.conversations.accept(call, self.network.loop.time())
        ok = await self.server.response(invite)
        self.server.send(self.server.within("ACK", invite, ok))
        await self.settle()
        return invite, ok, call

    async def settle(self) -> None:
        """Let everything that is on its way arrive."""
        over = asyncio.Event()
        self.network.later(0.01, over.set)
        await over.wait()


def memory_dial(network: MemoryNetwork) -> Callable[[PhoneSettings, Stack, str], Awaitable[tuple[Carrier, Flow]]]:
    """Return a dial that connects in memory, each time from a new port."""
    ports = itertools.count(20_000)

    async def dial(settings: PhoneSettings, stack: Stack, node: str) -> tuple[Carrier, Flow]:
        del node
        carrier = network.carrier(settings.transport, Address(PHONE, next(ports)), stack)
        try:
            return carrier, await carrier.connect(settings.server)
        except OSError:
            await carrier.close()
            raise

    return dial


def on_stage(
    play: Callable[[Scene], Coroutine[Any, Any, None]], *, transport: Transport = Transport.TCP, opens: bool = True
) -> None:
    """Run a test with a line that is open; what the loop or the line swallowed is a failure."""

    async def main() -> None:
        loop = asyncio.get_running_loop()
        network = MemoryNetwork(loop, seed=1)
        server = HandServer(network, transport)
        scene = Scene(network, server)
        line = scene.line = Line(phone_settings(transport), SeededIds(Random(1)), scene.take, dial=memory_dial(network))
        loop.set_exception_handler(lambda _, context: scene.faults.append(context))
        if opens:
            await line.open()
        await play(scene)
        await line.close()
        await server.close()
        await scene.settle()
        assert scene.faults == []

    run_virtual(main())
