"""What the transaction layer tells its user."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.servers import ServerTransaction


class Failure(Enum):
    """Why a transaction ended without a final response."""

    TIMEOUT = "timeout"
    TRANSPORT = "transport"


@dataclass(frozen=True, slots=True)
class RequestArrived:
    """A new request. For a CANCEL, `target` is the INVITE it cancels, if there is one."""

    transaction: ServerTransaction
    request: Request
    flow: Flow
    """The flow it came down. The transaction's own flow is where answers go, which on UDP may differ."""
    target: ServerTransaction | None = None


@dataclass(frozen=True, slots=True)
class AckArrived:
    """An ACK to a 2xx: it has no transaction."""

    request: Request
    flow: Flow


@dataclass(frozen=True, slots=True)
class ResponseArrived:
    """A response to a request of ours."""

    branch: str
    method: str
    response: Response


@dataclass(frozen=True, slots=True)
class RequestFailed:
    """A request of ours got no final response."""

    branch: str
    method: str
    failure: Failure


@dataclass(frozen=True, slots=True)
class Dropped:
    """A message that nobody here waits for, or whose transaction could not be told."""

    rule: str


Event: TypeAlias = RequestArrived | AckArrived | ResponseArrived | RequestFailed | Dropped
