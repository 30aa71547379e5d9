"""The one who takes the events of something that is under way, in order. Each event is a method; effects come out."""

from __future__ import annotations

from ringwake.model.effects import NOTHING, Effects
from ringwake.model.push import Outcome
from ringwake.sip.message import Response
from ringwake.sip.transactions.events import Failure


class Owner:
    """Somebody who has sent requests or pushes and waits for what becomes of them. By default nothing does."""

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """Take a response to a request of ours."""
        del branch_id, response, now
        return NOTHING

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """Take the end of a request of ours that got no final response."""
        del branch_id, failure, now
        return NOTHING

    def cancel(self, reason: str, now: float) -> Effects:
        """Take the CANCEL of the request that all this is about; `reason` is its Reason field, or empty."""
        del reason, now
        return NOTHING

    def pushed(self, device: str, outcome: Outcome, now: float) -> Effects:
        """Take the outcome of a push of ours."""
        del device, outcome, now
        return NOTHING

    def handle_timer(self, now: float) -> Effects:
        """Do what is due at `now`."""
        del now
        return NOTHING

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return None

    @property
    def is_standing(self) -> bool:
        """Whether it stays as long as the server does: then a request of it is forgotten with its final response."""
        return False

    @property
    def is_settled(self) -> bool:
        """Whether nothing more is to come but retransmissions."""
        return True
