"""A request passed on as it is: inside a dialog, or to phones that are awake. A fork without anybody to wait for."""

from __future__ import annotations

from ringwake.model.effects import Effects
from ringwake.proxy.forking import TIMER_C, ResponseContext
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import INVITE
from ringwake.sip.transactions.events import Failure
from ringwake.wake.owner import Owner


class Relay(Owner):
    """Owner of such a request."""

    def __init__(self, context: ResponseContext) -> None:
        self.context = context
        self._timer_c: float | None = None

    def begin(self, device: str, request: Request, flow: Flow, now: float) -> Effects:
        """Send the request down one flow."""
        if request.method == INVITE:
            self._timer_c = now + TIMER_C
        return self.context.begin(device, request, flow)

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """Pass a response on. A provisional one sets timer C anew (RFC 3261 section 16.7 step 2)."""
        if self._timer_c is not None and 100 < response.status < 200:
            self._timer_c = now + TIMER_C
        return self.context.response(branch_id, response)

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """Pass the lack of a response on."""
        del now
        return self.context.failed(branch_id, failure)

    def cancel(self, reason: str, now: float) -> Effects:
        """Pass a CANCEL on."""
        del now
        return self.context.cancel(reason)

    def handle_timer(self, now: float) -> Effects:
        """Give up on what rings for too long (section 16.8)."""
        if self._timer_c is None or now < self._timer_c:
            return ()
        self._timer_c = None
        return tuple(effect for b in self.context.branches for effect in self.context.give_up(b.device, 408))

    def get_timer(self) -> float | None:
        """Return when timer C fires."""
        return None if self.context.final is not None else self._timer_c

    @property
    def is_settled(self) -> bool:
        """Whether the final response was passed on and nothing else is under way."""
        return self.context.is_settled
