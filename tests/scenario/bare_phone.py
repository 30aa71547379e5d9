"""A phone of bare sockets: it registers a push token and counts every INVITE that comes down its wires."""

from __future__ import annotations

import json
import secrets
import uuid
from itertools import count
from types import TracebackType
from typing import Any, Self

from tests.conformance.peers import Connection, Datagrams, Heard, answer, options, token
from tests.support.digest import credentials
from tests.support.inbox_line import InboxLine
from tests.support.watcher import WATCHERS

DOMAIN = "ringwake.test"
PASSWORD = f"quay-{secrets.token_hex(8)}"
"""Unique: it is looked for wherever it should not be."""
HOST = "127.0.0.1"


class Wire:
    """One socket of a phone: a connection, or datagrams."""

    def __init__(self, transport: str, server: tuple[str, int]) -> None:
        self.transport = transport
        self._peer = Connection(HOST, server) if transport == "tcp" else Datagrams(HOST, server, port=0)
        self.heard: list[Heard] = []
        """All requests that have come, an ACK apart."""
        self._taken: set[int] = set()

    def send(self, octets: bytes) -> None:
        """Send as it is."""
        self._peer.send(octets)

    def close(self) -> None:
        """Close the socket."""
        self._peer.close()

    def answer_to(self, call_id: str, seq: str) -> Heard:
        """Return the next final response to a request of this phone; what comes before it is kept."""
        while True:
            heard = self._next()
            if heard.status >= 200 and heard.one("Call-ID") == call_id and heard.one("CSeq") == seq:
                return heard

    def next(self, method: str) -> Heard:
        """Return the next request of a method that was not asked for yet."""
        while True:
            for number, heard in enumerate(self.heard):
                if heard.start.startswith(f"{method} ") and number not in self._taken:
                    self._taken.add(number)
                    return heard
            self._next()

    def settle(self) -> None:
        """Take in what is on its way: the server answers in order."""
        call = token()
        self.send(options(HOST, call, port=getattr(self._peer, "port", 5060)))
        self.answer_to(call, "1 OPTIONS")

    def is_reset(self) -> bool:
        """Wait for the end of the connection, and tell whether the server has broken it off."""
        try:
            while (heard := self._peer.hear()) is not None:
                self._keep(heard)
        except ConnectionResetError:
            return True
        return False

    def invites(self) -> list[str]:
        """Return the branch of each INVITE that has come, as often as it has."""
        return [
            heard.all("Via")[0].rpartition("branch=")[2] for heard in self.heard if heard.start.startswith("INVITE")
        ]

    def _next(self) -> Heard:
        heard = self._peer.hear()
        assert heard is not None, "the server has closed the connection"
        self._keep(heard)
        return heard

    def _keep(self, heard: Heard) -> None:
        if not heard.status and not heard.start.startswith("ACK "):
            self.heard.append(heard)


class BarePhone:
    """One phone of an account: it has a token, and any number of wires one after the other."""

    def __init__(self, servers: dict[str, tuple[str, int]], lab: dict[str, Any], user: str) -> None:
        self.user = user
        self.wires: list[Wire] = []
        self._servers = servers
        self._instance = str(uuid.uuid4())
        self._call_id = token()
        self._seq = count(1)
        self._counts = count(1)
        self._challenges: list[str] = []
        self.inbox = InboxLine(lab)
        self.inbox.ask({"op": "attach", "device": self._instance, "secret": self._instance})
        asked = self.inbox.ask({"op": "register", "provider": "fcm", "app": lab["fcm"]["project"]})
        self.project, self.token = asked["app"], asked["token"]
        for watcher in WATCHERS:
            watcher.learns(self.token)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for wire in self.wires:
            wire.close()
        self.inbox.close()

    def open(self, transport: str = "tcp") -> Wire:
        """Open a wire."""
        wire = Wire(transport, self._servers[transport])
        self.wires.append(wire)
        return wire

    def sleep(self) -> Self:
        """Register, and be terminated. Over TCP: a datagram socket does not tell that it is closed."""
        wire = self.open()
        assert self.register(wire) == 200
        wire.close()
        return self

    def register(self, wire: Wire, *more: str) -> int:
        """Register down a wire, a challenge answered; return the last status."""
        if not self._challenges:
            asked = self.ask(wire, self.request(wire, *more))
            self._challenges = asked.all("WWW-Authenticate")
        return self.ask(wire, self.signed(wire, *more)).status

    def signed(self, wire: Wire, *more: str, password: str = PASSWORD) -> bytes:
        """Write a REGISTER with credentials; there has been a challenge."""
        given = credentials(
            self._challenges,
            user=self.user,
            password=password,
            method="REGISTER",
            uri=f"sip:{DOMAIN}",
            count=next(self._counts),
        )
        return self.request(wire, f"Authorization: {given}", *more)

    def request(self, wire: Wire, *more: str) -> bytes:
        """Write a REGISTER; a line of `more` takes the place of the usual one of its name."""
        aor, seq = f"<sip:{self.user}@{DOMAIN}>", next(self._seq)
        where = f"sip:{self.user}@{HOST};transport={wire.transport}"
        push = f";pn-provider=fcm;pn-param={self.project};pn-prid={self.token}"
        usual = [
            f"Via: SIP/2.0/{wire.transport.upper()} {HOST};rport;branch=z9hG4bK.{token()}",
            "Max-Forwards: 70",
            f"From: {aor};tag=1",
            f"To: {aor}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {seq} REGISTER",
            f'Contact: <{where}{push}>;+sip.instance="<urn:uuid:{self._instance}>"',
            "Expires: 3600",
            "Content-Length: 0",
        ]
        names = {line.partition(":")[0] for line in more}
        kept = [line for line in usual if line.partition(":")[0] not in names]
        return ("\r\n".join([f"REGISTER sip:{DOMAIN} SIP/2.0", *kept, *more]) + "\r\n\r\n").encode()

    def ask(self, wire: Wire, request: bytes) -> Heard:
        """Send a REGISTER and return its final response."""
        wire.send(request)
        return self.answered(wire, request)

    def answered(self, wire: Wire, request: bytes) -> Heard:
        """Return the final response to a REGISTER that was sent."""
        return wire.answer_to(self._call_id, Heard(request).one("CSeq"))

    def answer(self, wire: Wire, request: Heard, status: str) -> None:
        """Answer a request."""
        contact = f"Contact: <sip:{self.user}@{HOST}>"
        wire.send(answer(request, status, contact, tag=self._instance[:8]))

    def announced(self) -> dict[str, Any]:
        """Return the `ringwake` object of the next push, acknowledged (docs/reference/payload.md)."""
        found: dict[str, Any] = json.loads(self.pushed()["payload"]["ringwake"])
        return found

    def pushed(self) -> dict[str, Any]:
        """Return the next push, acknowledged."""
        push = self.inbox.receive()
        self.inbox.send({"op": "ack", "seq": push["seq"]})
        return push
