"""Somebody on the network of a `World` who writes SIP by hand: nothing keeps it from lying."""

from __future__ import annotations

import asyncio
from typing import Self

from tests.support.recorder import Recorder
from tests.support.sip_messages import octets, received_request
from tests.support.world import DOMAIN, SERVER, World

from ringwake.secret import Secret
from ringwake.sip.flow import Address, Flow, Transport
from ringwake.sip.message import Message, Request, Response
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply
from ringwake.ua.digest_retry import retry
from ringwake.ua.identity import Identity

ADDRESS = Address("203.0.113.66", 5062)


class Stranger:
    """One connection to the server, or over UDP one socket."""

    def __init__(self, world: World, *, transport: Transport = Transport.TCP, address: Address = ADDRESS) -> None:
        self.world = world
        self.address = address
        self.transport = transport
        self.recorder = Recorder()
        self._carrier = world.network.carrier(transport, address, self.recorder)
        self._flow: Flow | None = None

    async def open(self) -> Self:
        """Connect."""
        self._flow = await self._carrier.connect(SERVER)
        return self

    async def close(self) -> None:
        """Disconnect."""
        await self._carrier.close()

    @property
    def flow(self) -> Flow:
        """The flow as this end knows it."""
        assert self._flow is not None, "open() comes first"
        return self._flow

    @property
    def their_flow(self) -> Flow:
        """The flow as the server knows it."""
        return self.flow._replace(local=self.flow.remote, remote=self.flow.local)

    # ---- what it says

    def request(
        self,
        method: str,
        uri: str = f"sip:alice@{DOMAIN}",
        *more: str,
        sender: str = f"sip:boss@{DOMAIN}",
        to: str = "",
        call_id: str = "",
        branch: str = "",
        seq: int = 1,
        body: bytes = b"",
    ) -> Request:
        """Write a request of its own dialog and transaction; `more` are whole field lines."""
        unique = self.world.ids.hex(16)
        fields = [
            f"Via: SIP/2.0/{self.transport.via} {self.address};rport;branch={branch or f'z9hG4bK{unique}'}",
            "Max-Forwards: 70",
            f"From: <{sender}>;tag=from-{unique}",
            f"To: {to or f'<{uri}>'}",
            f"Call-ID: {call_id or f'call-{unique}@{self.address.host}'}",
            f"CSeq: {seq} {method}",
            *more,
            f"Content-Length: {len(body)}",
        ]
        return received_request(octets(f"{method} {uri} SIP/2.0", *fields, body=body))

    def register(self, user: str = "alice", *more: str, contact: str = "", expires: int = 600) -> Request:
        """Write a REGISTER; without a Contact it names this very socket."""
        aor = f"sip:{user}@{DOMAIN}"
        where = contact or f"<sip:{user}@{self.address}>"
        fields = (f"Contact: {where}", f"Expires: {expires}", *more)
        return self.request("REGISTER", f"sip:{DOMAIN}", *fields, sender=aor, to=f"<{aor}>")

    def send(self, message: Message | bytes) -> None:
        """Send, and wait for nothing."""
        assert self._carrier.send(self.flow, message if isinstance(message, bytes) else message.encode())

    async def ask(self, request: Request, *, seconds: float = 3.0) -> Response | None:
        """Send a request and return its final response, None when there is none in time."""
        known = len(self.responses_to(request))
        self.send(request)
        try:
            async with asyncio.timeout(seconds):
                await self.recorder.until(lambda: any(r.status >= 200 for r in self.responses_to(request)[known:]))
        except TimeoutError:
            return None
        return next(r for r in self.responses_to(request)[known:] if r.status >= 200)

    async def signed(self, user: str, request: Request, *, password: str = "") -> Request:
        """Return a request again with credentials, after a challenge; as it was when none came."""
        challenged = await self.ask(request)
        assert challenged is not None
        identity = Identity(user=user, domain=DOMAIN, password=Secret(password or f"{user}-password"))
        return retry(request, challenged, identity, self.world.ids) or request

    async def ask_as(self, user: str, request: Request, *, password: str = "", seconds: float = 3.0) -> Response:
        """Send a request as an account and return its final response."""
        again = await self.signed(user, request, password=password)
        answer = self.responses_to(request)[-1] if again is request else await self.ask(again, seconds=seconds)
        assert answer is not None
        return answer

    def answer(self, request: Request, status: int, *fields: tuple[str, str], to_tag: str = "stranger") -> None:
        """Answer a request that came."""
        self.send(reply(request, status, to_tag=to_tag, headers=fields))

    # ---- what it hears

    @property
    def heard(self) -> list[Message]:
        """All messages that came, in order."""
        return [parse(message) for message in self.recorder.messages]

    @property
    def requests(self) -> list[Request]:
        """All requests that came."""
        return [message for message in self.heard if isinstance(message, Request)]

    @property
    def statuses(self) -> list[int]:
        """Of all responses that came."""
        return [message.status for message in self.heard if isinstance(message, Response)]

    def responses_to(self, request: Request) -> list[Response]:
        """All responses to a request."""
        branch, method = request.via.branch, request.method
        responses = [message for message in self.heard if isinstance(message, Response)]
        return [r for r in responses if r.via.branch == branch and r.cseq.method == method]
