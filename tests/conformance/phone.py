"""A phone on a bare UDP socket that has registered for every account of the tests."""

from __future__ import annotations

from types import TracebackType
from typing import Self
from urllib.parse import quote

from tests.conformance.peers import Datagrams, Heard, answer, options, token
from tests.conformance.server import DOMAIN, PASSWORD
from tests.support.digest import credentials

ODD = "0_odd~(very!so)&isn't+it$/mad?,/;;*"
"""A user of all the characters that need no escape."""
USERS = ("mara", ODD)
"""Accounts that it has registered for."""
LONE = "nora"
"""An account without a phone."""


class Phone:
    """One socket."""

    def __init__(self, host: str, server: tuple[str, int]) -> None:
        self._wire = Datagrams(host, server, port=0)
        for number, user in enumerate(USERS):
            assert self.register(user, f"Contact: <sip:line{number}@{self.host}:{self.port}>").status == 200

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._wire.close()

    @property
    def host(self) -> str:
        """Its address."""
        return str(self._wire.host)

    @property
    def port(self) -> int:
        """Its port."""
        return int(self._wire.port)

    def register(self, user: str, *more: str) -> Heard:
        """Register, a challenge answered; return the last response."""
        asked = self.ask_register(user, *more)
        if asked.status != 401:
            return asked
        challenges = asked.all("WWW-Authenticate")
        given = credentials(challenges, user=user, password=PASSWORD, method="REGISTER", uri=f"sip:{DOMAIN}")
        return self.ask_register(user, f"Authorization: {given}", *more)

    def ask_register(self, user: str, *more: str) -> Heard:
        """Send one REGISTER; a line of `more` takes the place of the usual one of its name."""
        call, aor = token(), f"sip:{quote(user, safe='')}@{DOMAIN}"
        usual = [
            f"Via: SIP/2.0/UDP {self.host}:{self.port};branch=z9hG4bK.{call}",
            "Max-Forwards: 70",
            f"From: <{aor}>;tag={call}",
            f"To: <{aor}>",
            f"Call-ID: {call}",
            "CSeq: 1 REGISTER",
            "Content-Length: 0",
        ]
        names = {line.partition(":")[0] for line in more}
        lines = [
            f"REGISTER sip:{DOMAIN} SIP/2.0",
            *(line for line in usual if line.partition(":")[0] not in names),
            *more,
        ]
        self._wire.send(("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape"))
        return self._until(call)[-1]

    def heard_of(self, text: str) -> list[str]:
        """Return the first lines of what has come with that text in it, up to now."""
        call = token()
        self._wire.send(options(self.host, call, port=self.port))
        return [heard.start for heard in self._until(call) if text.encode() in heard.octets]

    def next(self, text: str) -> Heard:
        """Return the next request with that text in it, an ACK apart."""
        while True:
            heard = self._wire.hear(text)
            if not heard.status and not heard.start.startswith("ACK "):
                return heard

    def answer(self, request: Heard, status: str, *more: str) -> None:
        """Answer a request."""
        self._wire.send(answer(request, status, *more))

    def send(self, octets: bytes) -> None:
        """Send as it is."""
        self._wire.send(octets)

    def _until(self, call: str) -> list[Heard]:
        """Return all that comes up to the answer to a request of its own."""
        found = [self._wire.hear()]
        while not (found[-1].status and found[-1].one("Call-ID") == call):
            found.append(self._wire.hear())
        return found
