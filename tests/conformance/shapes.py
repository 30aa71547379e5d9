"""Messages of the shapes of RFC 4475 and RFC 5118, each our own; named as there.

A shape is written as it goes on the wire, but for TOKEN, which differs in every test, and LENGTH, the octets of the
body. What the RFC has with a wrong length has it here too.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Shape:
    """A message to be written."""

    head: str
    body: bytes = b""
    end: str = "\r\n\r\n"
    """What follows the last field."""

    def write(self, token: str) -> bytes:
        """Return the octets."""
        body = self.body.replace(b"TOKEN", token.encode())
        head = self.head.strip("\n").replace("\n", "\r\n").replace("TOKEN", token).replace("LENGTH", str(len(body)))
        return (head + self.end).encode("utf-8", "surrogateescape") + body


def offer(host: str = "192.0.2.40", family: str = "IP4") -> bytes:
    """Return a session description."""
    lines = ["v=0", f"o=mara 4 2 IN {family} {host}", "s=-", f"c=IN {family} {host}", "t=0 0", "m=audio 9000 RTP/AVP 0"]
    return ("\r\n".join(lines) + "\r\n").encode()


def invite(name: str, *, start: str = "INVITE sip:mara@harbour.test SIP/2.0", **changed: str) -> Shape:
    """Write an INVITE like those of the RFC, with lines changed; a name in lower case, without hyphens."""
    lines = {
        "to": "To: sip:m.ara@harbour.test",
        "from": "From: sip:tim@elsewhere.test;tag=4711",
        "maxforwards": "Max-Forwards: 7",
        "callid": f"Call-ID: {name}.TOKEN",
        "cseq": "CSeq: 8 INVITE",
        "via": f"Via: SIP/2.0/UDP 192.0.2.15;branch=z9hG4bK{name}.TOKEN",
        "contact": "Contact: <sip:tim@quay.elsewhere.test>",
        "length": "Content-Length: LENGTH",
        "type": "Content-Type: application/sdp",
    }
    return Shape("\n".join([start, *(line for line in {**lines, **changed}.values() if line)]), offer())


def options(name: str, *, start: str = "OPTIONS sip:mara@harbour.test SIP/2.0", **changed: str) -> Shape:
    """Write an OPTIONS like those of the RFC, with lines changed."""
    lines = {
        "via": f"Via: SIP/2.0/UDP quay.elsewhere.test;branch=z9hG4bK{name}.TOKEN",
        "maxforwards": "Max-Forwards: 70",
        "from": "From: <sip:tim@elsewhere.test>;tag=4711",
        "to": "To: sip:mara@harbour.test",
        "callid": f"Call-ID: {name}.TOKEN",
        "accept": "Accept: application/sdp",
        "cseq": "CSeq: 392 OPTIONS",
        "length": "l: 0",
    }
    return Shape("\n".join([start, *(line for line in {**lines, **changed}.values() if line)]))
