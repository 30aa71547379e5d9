"""Hundreds of sleeping phones and one busy trunk in one event loop, of bare sockets: the load of a push storm."""

from __future__ import annotations

import asyncio
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from tests.conformance.peers import Heard, answer
from tests.support.digest import credentials

DOMAIN = "ringwake.test"
HOST = "127.0.0.1"
_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")


class SipWire(asyncio.Protocol):
    """A TCP connection that cuts what comes into messages."""

    def __init__(self, take: Callable[[Heard], None]) -> None:
        self._take = take
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer = (self._buffer + data).lstrip(b"\r\n")
        while b"\r\n\r\n" in self._buffer:
            head = self._buffer.partition(b"\r\n\r\n")[0]
            length = _LENGTH.search(head)
            assert length is not None, head
            end = len(head) + 4 + int(length[1])
            if len(self._buffer) < end:
                return
            message, self._buffer = self._buffer[:end], self._buffer[end:].lstrip(b"\r\n")
            self._take(Heard(message))

    def send(self, lines: list[str]) -> None:
        """Send a message without a body."""
        self.send_octets(("\r\n".join([*lines, "Content-Length: 0"]) + "\r\n\r\n").encode())

    def send_octets(self, octets: bytes) -> None:
        """Send octets; nobody minds if the connection is gone."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(octets)

    def close(self) -> None:
        """Close the connection."""
        if self._transport is not None:
            self._transport.close()


async def dial(server: tuple[str, int], take: Callable[[Heard], None]) -> SipWire:
    """Connect."""
    _, wire = await asyncio.get_running_loop().create_connection(lambda: SipWire(take), *server)
    return wire


@dataclass(slots=True)
class StormCall:
    """One call, as its caller sees it."""

    call_id: str
    user: str
    began_at: float
    rang_at: float | None = None
    finals: list[int] = field(default_factory=list)
    is_over: bool = False


class SleepyPhone:
    """A phone whose app is dead: a push starts it, it registers, takes its call, and dies when that is over.

    It is also its own connection to the emulators' inbox: what these deliver comes by `send`.
    """

    def __init__(self, user: str, password: str, server: tuple[str, int], *, contact: str) -> None:
        """Prepare.

        Args:
            user: of its account.
            password: of its account.
            server: where the server listens on TCP.
            contact: `pn-*` parameters of its Contact.
        """
        self.user = user
        self.pushes: list[dict[str, Any]] = []
        """The `ringwake` object of each push that came, repeats too."""
        self.invites: Counter[str] = Counter()
        """INVITEs by Call-ID."""
        self.acknowledge: Callable[[int], object] = lambda _: None
        self._password, self._server, self._contact = password, server, contact
        self._serial, self._counts = itertools.count(1), itertools.count(1)
        self._challenges: list[str] = []
        self._wire: SipWire | None = None
        self._registered: asyncio.Future[int] | None = None
        self._shown: set[str] = set()
        self.shown: Counter[str] = Counter()
        """What its owner saw: alerts by call, an id that comes again dropped (docs/reference/payload.md)."""
        self._tasks: set[asyncio.Task[None]] = set()

    @property
    def is_idle(self) -> bool:
        """Whether its app is dead."""
        return self._wire is None and not self._tasks

    def send(self, message: dict[str, object]) -> None:
        """Take a push from the emulators."""
        seq, payload = message["seq"], message.get("payload")
        assert isinstance(seq, int)
        assert isinstance(payload, dict)
        said = payload["ringwake"]
        notice: dict[str, Any] = json.loads(said) if isinstance(said, str) else said
        self.acknowledge(seq)
        self.pushes.append(notice)
        if notice["id"] not in self._shown:
            self._shown.add(notice["id"])
            self.shown[f"{notice['kind']} {notice['call_id']}"] += 1
        if notice["kind"] == "call" and self._wire is None and not self._tasks:
            task = asyncio.get_running_loop().create_task(self.wake())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    def end(self, code: int, reason: str) -> None:
        """Be sent away by the emulators."""

    async def wake(self) -> None:
        """Connect and register."""
        self._wire = await dial(self._server, self._take)
        status = await self._register()
        assert status == 200, f"{self.user}: REGISTER {status}"

    def sleep(self) -> None:
        """Die."""
        if self._wire is not None:
            self._wire.close()
            self._wire = None

    async def _register(self) -> int:
        status = 0
        for _ in range(3):
            self._registered = asyncio.get_running_loop().create_future()
            self._send_register()
            status = await self._registered
            if status != 401:
                break
        return status

    def _send_register(self) -> None:
        assert self._wire is not None
        aor, seq = f"<sip:{self.user}@{DOMAIN}>", next(self._serial)
        lines = [
            f"REGISTER sip:{DOMAIN} SIP/2.0",
            f"Via: SIP/2.0/TCP {HOST};rport;branch=z9hG4bK.{self.user}.{seq}",
            "Max-Forwards: 70",
            f"From: {aor};tag=1",
            f"To: {aor}",
            f"Call-ID: reg-{self.user}",
            f"CSeq: {seq} REGISTER",
            f'Contact: <sip:{self.user}@{HOST};transport=tcp;{self._contact}>;+sip.instance="<urn:x:{self.user}>"',
            "Expires: 3600",
        ]
        if self._challenges:
            uri, count = f"sip:{DOMAIN}", next(self._counts)
            words = {"user": self.user, "password": self._password, "method": "REGISTER", "uri": uri}
            lines.append(f"Authorization: {credentials(self._challenges, count=count, **words)}")
        self._wire.send(lines)

    def _take(self, heard: Heard) -> None:
        if heard.status:
            if "REGISTER" in heard.one("CSeq") and self._registered is not None and not self._registered.done():
                if heard.status == 401:
                    self._challenges, self._counts = heard.all("WWW-Authenticate"), itertools.count(1)
                self._registered.set_result(heard.status)
        elif heard.start.startswith("INVITE "):
            self.invites[heard.one("Call-ID")] += 1
            for status in ("180 Ringing", "200 OK"):
                self._answer(heard, status)
        elif heard.start.startswith(("BYE ", "CANCEL ")):
            self._answer(heard, "200 OK")
            if heard.start.startswith("BYE "):
                asyncio.get_running_loop().call_soon(self.sleep)

    def _answer(self, request: Heard, status: str) -> None:
        if self._wire is not None:
            contact = f"Contact: <sip:{self.user}@{HOST};transport=tcp>"
            self._wire.send_octets(answer(request, status, contact, tag=self.user))


class Trunk:
    """A PBX that calls, and hangs up as soon as it is answered."""

    def __init__(self) -> None:
        self.calls: dict[str, StormCall] = {}
        self._wire: SipWire | None = None
        self._changed = asyncio.Event()

    async def open(self, server: tuple[str, int]) -> None:
        """Connect."""
        self._wire = await dial(server, self._take)

    def close(self) -> None:
        """Close the connection."""
        if self._wire is not None:
            self._wire.close()

    def call(self, user: str) -> StormCall:
        """Call an account."""
        number = len(self.calls)
        call = StormCall(f"storm-{number}", user, asyncio.get_running_loop().time())
        self.calls[call.call_id] = call
        self._send("INVITE", call, f"sip:{user}@{DOMAIN}", f"To: <sip:{user}@{DOMAIN}>")
        return call

    @property
    def silent(self) -> list[StormCall]:
        """The calls for which no phone has rung."""
        return [call for call in self.calls.values() if call.rang_at is None]

    async def all_over(self) -> None:
        """Wait until each call has ended."""
        while not all(call.is_over for call in self.calls.values()):
            self._changed.clear()
            await self._changed.wait()

    def _take(self, heard: Heard) -> None:
        if not heard.status:
            return
        call, method = self.calls[heard.one("Call-ID")], heard.one("CSeq").partition(" ")[2]
        if method == "INVITE":
            if heard.status == 180 and call.rang_at is None:
                call.rang_at = asyncio.get_running_loop().time()
            elif heard.status >= 200:
                self._final(call, heard)
        elif method == "BYE":
            call.is_over = True
            self._changed.set()

    def _final(self, call: StormCall, heard: Heard) -> None:
        call.finals.append(heard.status)
        if heard.status >= 300:
            self._send("ACK", call, f"sip:{call.user}@{DOMAIN}", f"To: {heard.one('To')}")
            call.is_over = True
            self._changed.set()
            return
        contact = heard.one("Contact").strip("<>")
        routes = [f"Route: {route}" for route in reversed(heard.all("Record-Route"))]
        to = f"To: {heard.one('To')}"
        self._send("ACK", call, contact, to, *routes, branch="ack")
        if len(call.finals) == 1:
            self._send("BYE", call, contact, to, *routes, branch="bye")

    def _send(self, method: str, call: StormCall, uri: str, *more: str, branch: str = "invite") -> None:
        assert self._wire is not None
        caller = f"sip:{call.call_id}@pbx.example.net"
        self._wire.send(
            [
                f"{method} {uri} SIP/2.0",
                f"Via: SIP/2.0/TCP {HOST};rport;branch=z9hG4bK.{branch}.{call.call_id}",
                "Max-Forwards: 70",
                f"From: <{caller}>;tag=1",
                f"Call-ID: {call.call_id}",
                f"CSeq: {2 if method == 'BYE' else 1} {method}",
                f"Contact: <sip:pbx@{HOST};transport=tcp>",
                *more,
            ]
        )
