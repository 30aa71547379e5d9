"""What a transport is to the stack, and what the stack is to a transport."""

from __future__ import annotations

from typing import Protocol

from ringwake.sip.flow import Address, Flow, Transport

Batch = list[tuple[Flow, bytes]]
"""Whole messages, each with the flow it came down."""


class Listener(Protocol):
    """The stack, as transports report to it."""

    def receive(self, batch: Batch) -> None:
        """Take the messages of one turn of the loop."""

    def opened(self, flow: Flow) -> None:
        """Take note of a new connection."""

    def closed(self, flow: Flow) -> None:
        """Take note that a flow carries nothing any more."""

    def unreadable(self, rule: str) -> None:
        """Take note of octets that were no message; the rule they broke says enough."""


class Carrier(Protocol):
    """A transport. It never blocks: what cannot be sent is reported by `Listener.closed`."""

    transport: Transport

    def send(self, flow: Flow, octets: bytes) -> bool:
        """Send a message; False when the flow is not open."""

    def is_open(self, flow: Flow) -> bool:
        """Tell whether a flow of this transport can be sent to."""

    def ping(self, flow: Flow, patience: float) -> None:
        """Ask the other side for a sign of life (RFC 5626 section 4.4).

        A flow that shows none within `patience` seconds has failed, and `Listener.closed` says so.
        """

    def close_flow(self, flow: Flow) -> None:
        """Close one connection; nothing to do where there is none."""

    def reset(self, flow: Flow) -> None:
        """Break one connection off, so that what was written and has not arrived never will."""

    def addresses(self) -> list[Address]:
        """Return where this transport listens."""

    async def close(self) -> None:
        """Close everything."""


class Connector(Protocol):
    """A transport that can open connections: what a phone needs."""

    async def connect(self, remote: Address, *, name: str = "") -> Flow:
        """Open a connection; over TLS to whoever proves to be `name`, or the address itself (RFC 5922 section 4).

        Raises:
            OSError: it cannot be opened.
        """
