"""What the gate tells the timeline: calls without a relay, and descriptions that went on as they were."""

from __future__ import annotations

from collections.abc import Callable

from ringwake.model.events import Event, Field, Happened
from ringwake.sip.message import Message, Request
from ringwake.sip.session_body import has_unread_sdp

NO_RELAY = "no media relay"
"""What a request is answered with, status 500, when its media could not be relayed."""
UNREAD = "a session description could not be read and goes on as it is"


class Journal:
    """Writes events of relayed calls."""

    def __init__(
        self, note: Callable[[Event], None], trace: Callable[[Request], str], clock: Callable[[], float]
    ) -> None:
        self._note = note
        self._trace = trace
        self._clock = clock

    def refused(self, request: Request, reason: str) -> None:
        """Note that a request was answered with 500 for want of a relay."""
        rule = f"{NO_RELAY}: {reason}"
        fields: dict[str, Field] = {"method": request.method, "status": 500, "rule": rule}
        self._note(Event(Happened.REQUEST_REFUSED, self._clock(), self._trace(request), fields))

    def lost(self, request: Request, reason: str) -> None:
        """Note an answer that goes on as it is: to end the call would serve nobody better."""
        self._fault(self._trace(request), f"{NO_RELAY}: {reason}")

    def unread(self, request: Request, message: Message) -> None:
        """Note a description in a message that cannot be rewritten, if it has one."""
        if has_unread_sdp(message):
            self._fault(self._trace(request), UNREAD)

    def fault(self, rule: str) -> None:
        """Note a fault of our own."""
        self._fault("", rule)

    def _fault(self, trace: str, rule: str) -> None:
        self._note(Event(Happened.FAULT, self._clock(), trace, {"effect": "media", "rule": rule}))
