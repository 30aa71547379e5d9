"""What has become of an account's calls and messages: the list that a person looks through, and what is unread."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ringwake.model.account import Aor


class EntryKind(StrEnum):
    """What it was."""

    CALL = "call"
    MESSAGE = "message"


class Outcome(StrEnum):
    """What became of it. Those of calls that were parked have the names of `CallEnd`."""

    ANSWERED = "answered"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NO_WAKE = "no_wake"
    NO_ANSWER = "no_answer"
    ERROR = "error"
    FORWARDED = "forwarded"
    SILENCED = "silenced"
    """Not let through: do not disturb, or quiet hours."""
    BLOCKED = "blocked"
    """Not wanted: blocked, not allowed or anonymous."""
    WAITING = "waiting"
    """A message that no phone has yet."""
    DELIVERED = "delivered"
    """At least one phone has it."""
    EXPIRED = "expired"
    """No phone came for it in time."""
    REFUSED = "refused"
    """No phone takes it, or nobody does where it was sent."""
    SENT = "sent"
    """A message of the account's own, taken where it was sent to."""


MISSED = frozenset({Outcome.CANCELLED, Outcome.NO_WAKE, Outcome.NO_ANSWER, Outcome.ERROR, Outcome.SILENCED})
"""Calls that count as missed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One call or message."""

    id: str
    """That of the call or message, the same after a crash."""
    trace: str
    aor: Aor
    kind: EntryKind
    outcome: Outcome
    peer_uri: str = ""
    """Who has called or written; of an outgoing message, to whom."""
    peer_name: str = ""
    at: float
    """Epoch seconds when it came."""
    ended_at: float = 0.0
    """Epoch seconds when its outcome was known; 0: it is not yet."""
    is_outgoing: bool = False
    is_read: bool = False
    handset: str = ""
    """`Binding.handset` of the phone that has answered."""
    status: int = 0
    """SIP status that ended it, if one did."""

    @property
    def is_missed(self) -> bool:
        """Whether it is a call that counts as missed."""
        return self.kind is EntryKind.CALL and self.outcome in MISSED

    @property
    def is_unread(self) -> bool:
        """Whether it counts on the badge: a missed call or a message of somebody else that nobody has looked at."""
        if self.is_read or self.is_outgoing:
            return False
        if self.kind is EntryKind.CALL:
            return self.outcome in MISSED
        return self.outcome in {Outcome.WAITING, Outcome.DELIVERED}
