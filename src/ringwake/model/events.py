"""What happened, as values: the timeline of a call, the log line and the counter are three views of the same event."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeAlias

Field: TypeAlias = str | int | float | bool | None


class Happened(StrEnum):
    """Names of events, in the past tense."""

    # calls, in the order in which a good one goes
    INVITE_RECEIVED = "invite_received"
    CALL_PARKED = "call_parked"
    CALLER_TOLD = "caller_told"
    INVITE_SENT = "invite_sent"
    PUSH_SENT = "push_sent"
    PUSH_ACCEPTED = "push_accepted"
    PUSH_FAILED = "push_failed"
    PUSH_SUPPRESSED = "push_suppressed"
    DEVICE_WOKEN = "device_woken"
    RINGING = "ringing"
    PHONE_ANSWERED = "phone_answered"
    BRANCH_ENDED = "branch_ended"
    CALL_FORWARDED = "call_forwarded"
    ACTED = "acted"
    CALL_ENDED = "call_ended"
    GHOST_SENT = "ghost_sent"
    CALL_RECOVERED = "call_recovered"
    # registrations
    REGISTERED = "registered"
    UNREGISTERED = "unregistered"
    TOKEN_FORGOTTEN = "token_forgotten"  # noqa: S105  a name, not a token
    TOKEN_SUSPECT = "token_suspect"  # noqa: S105  likewise
    TOKEN_GUARD_TRIPPED = "token_guard_tripped"  # noqa: S105  likewise
    TOKEN_GUARD_RESET = "token_guard_reset"  # noqa: S105  likewise
    TOKENS_RESTORED = "tokens_restored"
    TOKEN_SHARED = "token_shared"  # noqa: S105  likewise
    TOKEN_CHALLENGED = "token_challenged"  # noqa: S105  likewise
    WAKE_COUNTED = "wake_counted"
    REFRESH_DUE = "refresh_due"
    # push services
    CIRCUIT_OPENED = "circuit_opened"
    CIRCUIT_CLOSED = "circuit_closed"
    CREDENTIALS_RENEWED = "credentials_renewed"
    CREDENTIALS_BROKEN = "credentials_broken"
    PUSH_TESTED = "push_tested"
    # in front of a PBX
    PBX_REACHED = "pbx_reached"
    PBX_LOST = "pbx_lost"
    PBX_REGISTERED = "pbx_registered"
    PBX_REFUSED = "pbx_refused"
    PBX_LEFT = "pbx_left"
    PBX_GRANTED_LITTLE = "pbx_granted_little"
    PBX_ASKED_NOBODY = "pbx_asked_nobody"
    PBX_LOGIN_FORGOTTEN = "pbx_login_forgotten"
    # messages
    MESSAGE_KEPT = "message_kept"
    MESSAGE_DELIVERED = "message_delivered"
    MESSAGE_DEFERRED = "message_deferred"
    MESSAGE_REFUSED = "message_refused"
    MESSAGE_SENT = "message_sent"
    # traffic
    SIP_RECEIVED = "sip_received"
    SIP_SENT = "sip_sent"
    REQUEST_REFUSED = "request_refused"
    REQUEST_DROPPED = "request_dropped"
    FLOW_OPENED = "flow_opened"
    FLOW_CLOSED = "flow_closed"
    STORE_FAILED = "store_failed"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. Its fields never hold a token, a password or a message body."""

    what: Happened
    at: float
    """Monotonic seconds of the process."""
    trace: str = ""
    """Short id of the call or message it belongs to."""
    fields: Mapping[str, Field] = field(default_factory=dict)
