"""A bare socket that speaks SIP as it is told: requests written by hand, answers read by our parser."""

from __future__ import annotations

import itertools
import re
import socket
import time
from collections.abc import Iterable
from types import TracebackType
from typing import Self

from tests.support.digest import credentials

from ringwake.sip.message import Message, Request, Response
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply

SECONDS = 5.0
_SERIAL = itertools.count(1)
_LENGTH = re.compile(rb"^(?:Content-Length|l)[ \t]*:[ \t]*(\d+)", re.IGNORECASE | re.MULTILINE)
_BRANCH = re.compile(r"branch=[^;\r]+")


class Wire:
    """One socket, and the server that it talks to."""

    def __init__(self, address: str, server: str, *, domain: str, transport: str = "udp") -> None:
        host, _, port = server.rpartition(":")
        self.domain, self.transport = domain, transport
        self._server = (host, int(port))
        self._rest = b""
        if transport == "tcp":
            self._socket = socket.create_connection(self._server, source_address=(address, 0))
        else:
            self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            self._socket.bind((address, 0))
        self.host, self.port = self._socket.getsockname()
        self.heard = bytearray()
        """Every octet that came."""
        self.said = bytearray()
        """Every octet that was sent."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._socket.close()

    def write(
        self,
        method: str,
        uri: str,
        *fields: str,
        without: Iterable[str] = (),
        body: str = "",
    ) -> str:
        """Write a request of its own call; a field in `fields` takes the place of the usual one of its name."""
        serial = f"{self.port}-{next(_SERIAL)}"
        usual = [
            f"Via: SIP/2.0/{self.transport.upper()} {self.host}:{self.port};rport;branch=z9hG4bK{serial}",
            "Max-Forwards: 70",
            f"From: <sip:boss@{self.domain}>;tag=from-{serial}",
            f"To: <{uri}>",
            f"Call-ID: call-{serial}",
            f"CSeq: 1 {method}",
            f"Contact: {self.contact('boss')}",
            f"Content-Length: {len(body.encode())}",
        ]
        taken = {_name(field) for field in fields} | {name.lower() for name in without}
        lines = [field for field in usual if _name(field) not in taken]
        return "\r\n".join([f"{method} {uri} SIP/2.0", *fields, *lines, "", body])

    def send(self, text: str | bytes) -> None:
        """Send as it is."""
        octets = text if isinstance(text, bytes) else text.encode()
        self.said += octets
        if self.transport == "tcp":
            self._socket.sendall(octets)
        else:
            self._socket.sendto(octets, self._server)

    def receive(self, seconds: float = SECONDS) -> Message | None:
        """Return the next message, None when none comes in time."""
        deadline = time.monotonic() + seconds
        while (octets := self._complete()) is None:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                came = self._socket.recv(65_535)
            except TimeoutError:
                return None
            assert came, "the server has hung up"
            self.heard += came
            self._rest += came
        return parse(octets)

    def contact(self, user: str) -> str:
        """Return the Contact of somebody at this socket."""
        more = ";transport=tcp" if self.transport == "tcp" else ""
        return f"<sip:{user}@{self.host}:{self.port}{more}>"

    def request(self, *methods: str, seconds: float = SECONDS) -> Request | None:
        """Return the next request of one of these methods, of any without."""
        for message in self._until(seconds):
            if isinstance(message, Request) and (not methods or message.method in methods):
                return message
        return None

    def next(self, method: str) -> Message | None:
        """Return the next request of a method, or final response to one."""
        for message in self._until(SECONDS):
            if message.cseq.method == method and getattr(message, "status", 200) >= 200:
                return message
        return None

    def final(self, method: str, *, branch: str = "", seconds: float = SECONDS) -> Response | None:
        """Return the next final response to a request of that method, or to the one with that branch."""
        for message in self._until(seconds):
            if (
                isinstance(message, Response)
                and message.status >= 200
                and message.cseq.method == method
                and branch in (message.headers.get("via") or "")
            ):
                return message
        return None

    def ask(self, text: str, *, seconds: float = SECONDS) -> Response | None:
        """Send a request and return its final response; a failure of an INVITE is acknowledged."""
        self.send(text)
        method, branch = text.partition(" ")[0], _BRANCH.search(text)
        assert branch is not None
        response = self.final(method, branch=branch[0], seconds=seconds)
        if response is not None and method == "INVITE" and response.status >= 300:
            self.send(_ack(text, response))
        return response

    def answer(self, request: Request | None, status: int, *fields: tuple[str, str]) -> None:
        """Answer a request that must have come."""
        assert request is not None
        self.send(reply(request, status, to_tag="phone", headers=fields).encode())

    def say(self, request: Request, status: int, *fields: tuple[str, str], tag: str, body: str = "") -> None:
        """Answer a request with this To-tag, and maybe with SDP."""
        more = [("content-type", "application/sdp")] if body else []
        self.send(reply(request, status, to_tag=tag, headers=(*fields, *more), body=body.encode()).encode())

    def reaction(self, text: str | bytes) -> Response | None:
        """Send a request that may be met with silence, and return its final response.

        An OPTIONS after it shows when it has been dealt with; what the server has to wait for comes too late.
        """
        self.send(text)
        barrier = f"barrier-{self.port}-{next(_SERIAL)}"
        self.send(self.write("OPTIONS", f"sip:{self.domain}", f"Call-ID: {barrier}"))
        found: Response | None = None
        for message in self._until(SECONDS):
            if isinstance(message, Response) and message.status >= 200:
                if message.call_id == barrier:
                    return found
                found = message
        raise AssertionError("the server has stopped to answer OPTIONS")

    def _complete(self) -> bytes | None:
        """Take the first whole message of what came: a datagram is one."""
        if self.transport == "udp":
            octets, self._rest = self._rest, b""
            return octets or None
        self._rest = self._rest.lstrip(b"\r\n")
        head, end, body = self._rest.partition(b"\r\n\r\n")
        length = _LENGTH.search(head)
        if not end or length is None or len(body) < int(length[1]):
            return None
        self._rest = body[int(length[1]) :]
        return head + end + body[: int(length[1])]

    def _until(self, seconds: float) -> Iterable[Message]:
        deadline = time.monotonic() + seconds
        while (left := deadline - time.monotonic()) > 0:
            message = self.receive(left)
            if message is not None:
                yield message


def challenged(wire: Wire, account: str, password: str) -> str:
    """Let the server challenge a REGISTER; return the Authorization that answers it, good for another REGISTER."""
    aor, registrar = f"<sip:{account}@{wire.domain}>", f"sip:{wire.domain}"
    asked = wire.ask(wire.write("REGISTER", registrar, f"From: {aor};tag=1", f"To: {aor}", without=["contact"]))
    assert asked is not None
    assert asked.status == 401
    challenges = asked.headers.texts("www-authenticate")
    return credentials(challenges, user=account, password=password, method="REGISTER", uri=registrar)


def _ack(invite: str, response: Response) -> str:
    """Write the ACK to a failure: the INVITE's own fields, but for To (section 17.1.1.3)."""
    head = invite.partition("\r\n\r\n")[0].replace("INVITE ", "ACK ", 1).replace(" INVITE", " ACK")
    kept = [line for line in head.split("\r\n") if _name(line) not in ("to", "content-length", "content-type")]
    return "\r\n".join([*kept, f"To: {response.headers.get('to')}", "Content-Length: 0", "", ""])


def _name(field: str) -> str:
    return field.partition(":")[0].strip().lower()
