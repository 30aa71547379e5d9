"""A call that waits for phones to wake, as the store keeps it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from ringwake.model.account import Aor
from ringwake.sip.flow import Flow


class CallEnd(StrEnum):
    """How a parked call ended. Exactly one of them, once."""

    ANSWERED = "answered"
    DECLINED = "declined"
    CANCELLED = "cancelled"
    NO_WAKE = "no_wake"
    NO_ANSWER = "no_answer"
    ERROR = "error"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRecord:
    """What must survive a crash between 100 Trying and the final answer."""

    id: str
    """Keyed hash of Call-ID, From-tag, CSeq, top Via branch and AOR."""
    trace: str
    """Short id of the call in logs, traces and the API."""
    aor: Aor
    invite: bytes
    """The INVITE as received, `received` and `rport` filled in."""
    flow: Flow
    """Where it came from and its answers go."""
    received_at: float
    """Epoch seconds."""
    wake_until: float
    """Epoch seconds after which no phone is waited for any more."""
    caller: str = ""
    """Id of the binding that calls, when it is a phone of ours; else empty. Requests inside the dialog find it by this
    after it has reconnected."""
    caller_aor: str = ""
    """That binding's address of record."""
    is_cancelled: bool = False
    """Whether its CANCEL was answered: after a crash it gets its 487, and rings nobody."""
    only: str = ""
    """Id of the one binding that is called, when the INVITE names it by its PURR; empty: all of the account."""
    invited: tuple[str, ...] = ()
    """Phones (`Binding.phone`) whose INVITE was released. Their branch is a keyed hash of call and phone."""
    is_unlisted: bool = False
    """Whether its account was removed: whoever has the name next is not to see who has called."""
    refusals: tuple[tuple[str, int], ...] = ()
    """Phones that have refused the call, each with the status: after a crash they are not asked again."""
