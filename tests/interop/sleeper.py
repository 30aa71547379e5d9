"""A phone of one bare TCP connection after the other: it sleeps, is woken by a push, and takes the call that comes."""

from __future__ import annotations

import socket
import time
from types import TracebackType
from typing import Any, Self

from tests.interop.branch import PASSWORD
from tests.interop.office import Office
from tests.support.digest import credentials
from tests.support.inbox_line import InboxLine
from tests.support.leg import CalleeLeg, CallerLeg
from tests.support.loopback import leased_address
from tests.support.wire import Wire

from ringwake.sip.framing import Framer
from ringwake.sip.message import Message
from ringwake.sip.parser import parse

SECONDS = 20.0


class Line(Wire):
    """What a wire is, over a connection."""

    def __init__(self, address: str, server: str, *, domain: str) -> None:
        super().__init__(address, server, domain=domain)
        self._socket.close()
        self._socket = socket.create_connection(self._server, timeout=SECONDS, source_address=(address, 0))
        self.host, self.port = self._socket.getsockname()
        self._framer = Framer()
        self._messages: list[Message] = []

    def write(self, method: str, uri: str, *fields: str, **more: Any) -> str:
        """Write a request; its Via names the transport."""
        return super().write(method, uri, *fields, **more).replace("SIP/2.0/UDP", "SIP/2.0/TCP", 1)

    def send(self, text: str | bytes) -> None:
        """Send as it is."""
        octets = text if isinstance(text, bytes) else text.encode()
        self.said += octets
        self._socket.sendall(octets)

    def receive(self, seconds: float = SECONDS) -> Message | None:
        """Return the next message, None when none comes in time."""
        deadline = time.monotonic() + seconds
        while not self._messages:
            self._socket.settimeout(max(0.001, deadline - time.monotonic()))
            try:
                octets = self._socket.recv(65_535)
            except TimeoutError:
                return None
            assert octets, "the server has closed the connection"
            self.heard += octets
            self._messages += [parse(one) for one in self._framer.feed(octets) if isinstance(one, bytes)]
        return self._messages.pop(0)


class Sleeper:
    """One phone of an account that nobody else has."""

    def __init__(self, office: Office) -> None:
        """Get a push token; it is not registered yet."""
        self._office = office
        self.account = office.account()
        self._address = leased_address()
        self._host = self._address.__enter__()
        self._line: Line | None = None
        self._inbox = InboxLine(office.lab)
        device = f"{self.account}.{office.domain}"
        self._inbox.ask({"op": "attach", "device": device, "secret": f"secret-of-{device}"})
        given = self._inbox.ask({"op": "register", "provider": "apns", "app": office.branch.bundle})
        self._push = (
            f"pn-provider=apns;pn-param={given['team']}.{office.branch.bundle}.voip;pn-prid={given['tokens']['voip']}"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self.sleep()
        self._inbox.close()
        self._address.__exit__(None, None, None)

    @property
    def line(self) -> Line:
        """Its connection; it is awake."""
        assert self._line is not None
        return self._line

    def knock(self) -> None:
        """Connect, and begin to register."""
        self._line = Line(self._host, self._office.edge.sip, domain=self._office.domain)
        self._line.__enter__()
        self._line.send(self._register())

    def wake(self) -> None:
        """Connect, unless it is done, and register."""
        if self._line is None:
            self.knock()
        asked = self.line.final("REGISTER")
        assert asked is not None
        assert asked.status == 401, asked
        uri, challenges = f"sip:{self._office.domain}", asked.headers.texts("www-authenticate")
        given = credentials(challenges, user=self.account, password=PASSWORD, method="REGISTER", uri=uri)
        registered = self.line.ask(self._register(f"Authorization: {given}"))
        assert registered is not None
        assert registered.status == 200, registered

    def sleep(self) -> None:
        """Lose the connection without a word, as an app that is terminated."""
        if self._line is not None:
            self._line.__exit__(None, None, None)
            self._line = None

    def pushed(self) -> None:
        """Wait for a push."""
        self._inbox.send({"op": "ack", "seq": self._inbox.receive()["seq"]})

    def rings(self) -> CalleeLeg:
        """Take the INVITE that comes, and ring."""
        leg = CalleeLeg(self.line, self.account)
        leg.reply(leg.invite, 180)
        return leg

    def call(self, callee: str) -> CallerLeg:
        """Return the end of a call that is about to go out."""
        return CallerLeg(self.line, self.account, callee, password=PASSWORD)

    def _register(self, *fields: str) -> str:
        aor = f"<sip:{self.account}@{self._office.domain}>"
        contact = f"<sip:{self.account}@{self.line.host}:{self.line.port};transport=tcp;{self._push}>"
        instance = f'+sip.instance="<urn:uuid:00000000-0000-4000-8000-{int(self.account[5:]):012}>"'
        own = [f"Contact: {contact};{instance}", f"From: {aor};tag=1", f"To: {aor}", "Expires: 3600"]
        return self.line.write("REGISTER", f"sip:{self._office.domain}", *fields, *own)
