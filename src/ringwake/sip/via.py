"""Via (RFC 3261 section 20.42, RFC 3581): the way back of responses."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ringwake.sip.errors import ParseError
from ringwake.sip.flow import Address
from ringwake.sip.grammar import LWS, is_token, number
from ringwake.sip.params import Params
from ringwake.sip.uri import parse_hostport

COOKIE = "z9hG4bK"
"""Begins every branch that is unique by RFC 3261; without it the matching rules of RFC 2543 hold."""
_PROTOCOL = re.compile(r"[^ \t/]+[ \t]*/[ \t]*[^ \t/]+[ \t]*/[ \t]*([^ \t/]+)[ \t]+")


@dataclass(frozen=True, slots=True)
class Via:
    """One Via value."""

    transport: str
    """As written: `UDP`, `TLS`, `WSS` or anything else."""
    host: str
    port: int | None
    params: Params

    @property
    def branch(self) -> str:
        """The branch, or empty."""
        return self.params.get("branch") or ""

    @property
    def sent_by(self) -> str:
        """Host and port as a key: lower case, port only if written."""
        return self.host.lower() if self.port is None else f"{self.host.lower()}:{self.port}"

    def amended(self, source: Address) -> Via:
        """Return the Via as a server transport leaves it: `received`, and `rport` filled in when it was asked for.

        RFC 3261 section 18.2.1 and RFC 3581 section 4. An IPv6 address in `received` has no brackets (RFC 5118 4.5).
        """
        # What the sender wrote there itself counts for nothing: answers would go wherever it likes.
        params = self.params.without("received")
        wants_port = "rport" in params
        if wants_port:
            params = params.put("rport", str(source.port))
        if wants_port or self.host.strip("[]").lower() != source.host:
            params = params.put("received", source.host)
        return replace(self, params=params)

    def answer_to(self, default_port: int) -> Address:
        """Return where a response over an unreliable transport, or a new connection, goes (section 18.2.2)."""
        rport = self.params.get("rport")
        port = number(rport, "rport", most=65535) if rport else self.port or default_port
        return Address((self.params.get("received") or self.host).strip("[]"), port)

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{self.params}"


def parse_via(value: str) -> Via:
    """Read one Via value.

    Raises:
        ParseError: it breaks the grammar.
    """
    found = _PROTOCOL.match(value)
    if found is None or not is_token(found[1]):
        raise ParseError("Via has no protocol and transport")
    sent_by, semicolon, params = value[found.end() :].partition(";")
    # Blanks may stand around the colon. Not by a pattern: it would search a run of blanks once from each of them.
    host, port = parse_hostport(":".join(part.strip(LWS) for part in sent_by.split(":")))
    return Via(found[1], host, port, Params.parse(params) if semicolon else Params())
