"""Relayed media: what is asked of a relay for RTP, and what it says. SDP is opaque here (RFC 8866)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import NamedTuple, Protocol, TypeAlias


class Manner(NamedTuple):
    """How one side wants its media."""

    profile: str = ""
    """Transport of the media line, as `RTP/AVP` (RFC 8866 section 5.14); empty: as the other side has it."""
    is_ice: bool = False
    """Whether it takes ICE candidates (RFC 8445)."""

    @property
    def is_dtls(self) -> bool:
        """Whether its keys come by DTLS (RFC 5764)."""
        return self.profile.startswith("UDP/TLS/")


PLAIN = Manner("RTP/AVP")
"""What every PBX understands."""
BROWSER = Manner("UDP/TLS/RTP/SAVPF", is_ice=True)
"""What a browser insists on (RFC 8827 section 6.5)."""


class Role(Enum):
    """Which half of a negotiation a description is (RFC 3264)."""

    OFFER = "offer"
    ANSWER = "answer"


@dataclass(frozen=True, slots=True, kw_only=True)
class Dialog:
    """Which leg of which call."""

    call_id: str
    offerer: str
    """Tag of the side that made the offer."""
    answerer: str = ""
    """Tag of the other side; empty in the offer of a new call."""
    branch: str = ""
    """Branch of the INVITE; empty inside a dialog, which is known by its tags."""


@dataclass(frozen=True, slots=True)
class Described:
    """The relay is set up; this description is the one to send on."""

    sdp: bytes


@dataclass(frozen=True, slots=True)
class NotRelayed:
    """The relay could not be set up."""

    reason: str
    """In words that may be shown to anybody."""


Outcome: TypeAlias = Described | NotRelayed


class MediaRelay(Protocol):
    """Puts itself between the two sides of a call."""

    def describe(self, role: Role, dialog: Dialog, sdp: bytes, *, to: Manner, done: Callable[[Outcome], None]) -> None:
        """Set up one side and write the description for the other.

        Args:
            role: whether it is the offer or the answer.
            dialog: whose.
            sdp: as its side wrote it.
            to: how the side that will read it wants its media.
            done: called once, within two seconds.
        """

    def release(self, call_id: str, leg: Dialog | None = None) -> None:
        """Let go of a call, or only of the leg with this branch or this answerer."""
