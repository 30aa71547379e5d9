"""A MESSAGE of an account on its way to somebody at its PBX: sent again after growing pauses, until it is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringwake.model.effects import NOTHING, Effects, Forward
from ringwake.sip.fields import retry_after
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.transactions.events import Failure
from ringwake.wake.owner import Owner

PAUSES = (1.0, 5.0, 15.0)
"""Seconds before each further attempt; then it is given up."""
LONGEST_PAUSE = 60.0
UNANSWERED = 408
"""Stands for the answer of a PBX that gave none, or could not be reached (RFC 3261 section 8.1.3.1)."""
_TRANSIENT = frozenset({408, 480, 486, 491})


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """The way to the PBX."""

    compose: Callable[[Flow, int], Request]
    """Builds the request that goes down a flow after so many refusals."""
    find: Callable[[], Flow | None]
    """Returns where it goes now."""
    prove: Callable[[Request, Response], Request | None]
    """Builds the request that answers a challenge; None: it is none of those that we answer."""


class OutgoingMessage(Owner):
    """Owner of such a message."""

    def __init__(self, route: Route, *, ended: Callable[[int, float], Effects]) -> None:
        """Begin; `ended` is told the final status, once, with the time."""
        self._route = route
        self._ended = ended
        self._sent: Forward | None = None
        self._failures = self._refusals = 0
        self._again_at: float | None = None
        self._is_over = False

    def start(self, now: float) -> Effects:
        """Send it."""
        self._again_at = None
        flow = self._route.find()
        if flow is None:
            return self._put_off(UNANSWERED, now)
        self._sent = Forward(self._route.compose(flow, self._refusals), flow)
        return (self._sent,)

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """The PBX has answered: take its word, prove who we are, or try again later."""
        sent = self._sent
        if sent is None or branch_id != sent.request.via.branch or response.status < 200:
            return NOTHING
        again = self._route.prove(sent.request, response)
        if again is not None:
            self._sent = Forward(again, sent.flow)
            return (self._sent,)
        self._sent = None
        if response.status in _TRANSIENT or 500 <= response.status < 600:
            self._refusals += 1
            return self._put_off(response.status, now, least=retry_after(response.headers))
        return self._end(response.status, now)

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """The PBX says nothing: what comes again is a retransmission, if it had it."""
        del failure
        if self._sent is None or branch_id != self._sent.request.via.branch:
            return NOTHING
        self._sent = None
        return self._put_off(UNANSWERED, now)

    def handle_timer(self, now: float) -> Effects:
        """Send it again."""
        return self.start(now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return self._again_at

    @property
    def is_settled(self) -> bool:
        """Whether it was answered, or given up."""
        return self._is_over

    def _put_off(self, status: int, now: float, *, least: float = 0.0) -> Effects:
        if self._failures == len(PAUSES):
            return self._end(status, now)
        self._again_at = now + max(PAUSES[self._failures], min(least, LONGEST_PAUSE))
        self._failures += 1
        return NOTHING

    def _end(self, status: int, now: float) -> Effects:
        self._is_over = True
        return self._ended(status, now)
