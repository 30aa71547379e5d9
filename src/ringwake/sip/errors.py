"""The errors of `sip`. Parsers raise nothing else.

SipError
+-- ParseError         the peer's octets break the grammar; `status` is the answer
+-- LocalProtocolError we asked for something the protocol forbids: our bug
"""

from __future__ import annotations


class SipError(Exception):
    """Something is wrong with a message. It carries the status that answers it, and never the octets themselves."""

    def __init__(self, status: int, rule: str, headers: tuple[tuple[str, str], ...] = ()) -> None:
        super().__init__(f"{status} {rule}")
        self.status = status
        """Status of the response to send (RFC 3261 section 21)."""
        self.rule = rule
        """Which rule was broken, in words that may be shown to anybody."""
        self.headers = headers
        """Fields of the answer, (key, text): challenges, Unsupported, Min-Expires."""


class ParseError(SipError):
    """The octets break the grammar."""

    def __init__(self, rule: str, *, status: int = 400) -> None:
        super().__init__(status, rule)


class LocalProtocolError(SipError):
    """We broke the protocol ourselves."""

    def __init__(self, rule: str) -> None:
        super().__init__(500, rule)
