"""What is to be done, as values: requests enter by plain functions `(request, now) -> effects`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from ringwake.model.events import Event
from ringwake.model.push import Push
from ringwake.model.store_ops import Failed, Op
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import INVITE
from ringwake.sip.transactions.servers import ServerTransaction


@dataclass(frozen=True, slots=True)
class Respond:
    """Answer a request."""

    transaction: ServerTransaction
    response: Response
    keep: bool = True
    """False: nothing of it is kept, so what comes again is served again (RFC 3261 section 8.2.7)."""


@dataclass(frozen=True, slots=True)
class Forward:
    """Send a request in a client transaction of its own; its top Via names the branch."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class Relay:
    """Send a request without a transaction: an ACK to a 2xx (RFC 3261 section 16.11)."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class CancelBranch:
    """CANCEL a forwarded INVITE as soon as a provisional response allows it (RFC 3261 section 9.1)."""

    branch: str
    reason: str = ""
    """Value of the Reason header field (RFC 3326), or empty."""


@dataclass(frozen=True, slots=True)
class AbandonBranch:
    """End a client transaction here, without a word: its flow is gone."""

    branch: str
    method: str = INVITE


@dataclass(frozen=True, slots=True)
class QuietBranch:
    """Send a forwarded INVITE no more, but take what still comes: its phone is being woken by other means."""

    branch: str


@dataclass(frozen=True, slots=True)
class ResetFlow:
    """Break a connection off that its phone has left: what it has not answered down there is never to arrive."""

    flow: Flow


@dataclass(frozen=True, slots=True)
class SendPush:
    """Ask the provider, once. The outcome comes back to `owner` as an event."""

    push: Push
    owner: str
    """Id of the call, message or refresh that wants to know."""
    binding: str


@dataclass(frozen=True, slots=True)
class Persist:
    """Submit an operation to the store."""

    op: Op[Any]
    applied: Callable[[Any, float], Effects] | None = None
    """Runs with the result as soon as the atomic step is done: for what must not wait for the disk."""
    then: Callable[[Any, float], Effects] | None = None
    """Runs with the result when it is durable."""
    otherwise: Callable[[Failed, float], Effects] | None = None
    """Runs when it could not be made durable."""


@dataclass(frozen=True, slots=True)
class Note:
    """Tell the timeline, the log and the counters. May be lost."""

    event: Event


Effect: TypeAlias = (
    Respond | Forward | Relay | CancelBranch | QuietBranch | AbandonBranch | ResetFlow | SendPush | Persist | Note
)
Effects: TypeAlias = tuple[Effect, ...]
NOTHING: Effects = ()
