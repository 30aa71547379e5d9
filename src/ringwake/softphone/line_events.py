"""What a line tells the phone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from ringwake.ua.call import IncomingCall, OutgoingCall


@dataclass(frozen=True, slots=True)
class InviteArrived:
    """A call to us."""

    call: IncomingCall
    sender: str
    """Name of the caller, or its URI."""


@dataclass(frozen=True, slots=True)
class CallChanged:
    """A call is in another state now."""

    call: IncomingCall | OutgoingCall


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A text for us."""

    call_id: str
    seq: int
    """CSeq number: several texts may share a Call-ID."""
    sender: str
    text: str


@dataclass(frozen=True, slots=True)
class LineLost:
    """The connection to the server is gone."""


LineEvent: TypeAlias = InviteArrived | CallChanged | MessageArrived | LineLost
