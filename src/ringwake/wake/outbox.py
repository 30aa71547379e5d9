"""Messages for one phone that is awake: handed over one at a time and in order (RFC 3428 section 8)."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, AbandonBranch, Effects, Forward, Note, Persist
from ringwake.model.events import Event, Field, Happened
from ringwake.model.ports import Seal
from ringwake.model.store_ops import MessageDone
from ringwake.model.stored_message import StoredMessage
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import MESSAGE
from ringwake.sip.transactions.events import Failure
from ringwake.wake.owner import Owner

# Not the phone's last word: it may take the message another time (RFC 3428 section 7).
_TRANSIENT = frozenset({401, 407, 408, 430, 480, 486})
_REMEMBERED = 100
"""Messages that a phone has had, the last ones, as long as its outbox stands."""


class Outbox(Owner):
    """One phone's queue. The store keeps what is in it."""

    def __init__(
        self,
        binding: Binding,
        compose: Callable[[StoredMessage, Binding, Flow], Request],
        *,
        wake: Callable[[StoredMessage, Binding, float], Effects],
    ) -> None:
        """Begin, empty.

        Args:
            binding: the phone's, with the flow that its messages go down.
            compose: builds the request of a message.
            wake: what to do about a phone that seemed awake, and did not answer this message; with the time.
        """
        self.binding = binding
        self._compose = compose
        self._wake = wake
        self._queue: deque[StoredMessage] = deque()
        # A REGISTER that was applied before a message was done may bring that message when it is durable.
        self._had: deque[str] = deque(maxlen=_REMEMBERED)
        self._branch = ""
        """Of the message that is under way."""

    def add(self, messages: Iterable[StoredMessage]) -> Effects:
        """Take messages to deliver; those that are in the queue, or that the phone has had, are not doubled."""
        known = {*self._had, *(message.id for message in self._queue)}
        self._queue.extend(message for message in messages if message.id not in known)
        return self._next()

    def moved(self, binding: Binding) -> Effects:
        """The phone has registered anew: what is under way down another flow is sent again down this one."""
        moved = (binding.flow, binding.path) != (self.binding.flow, self.binding.path)
        self.binding = binding
        if not moved or not self._branch:
            return NOTHING
        branch, self._branch = self._branch, ""
        return (AbandonBranch(branch, MESSAGE), *self._next())

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """The phone has answered: go on with the next, or stop until it registers again."""
        if response.status < 200 or branch_id != self._branch:
            return NOTHING
        self._branch = ""
        status = response.status
        if status >= 300 and (status in _TRANSIENT or 500 <= status < 600):
            self._queue.clear()
            return NOTHING
        message = self._queue.popleft()
        self._had.append(message.id)
        fields: dict[str, Field] = {"device": self.binding.id, "status": status}
        done = Persist(MessageDone(message=message.id, binding=self.binding.phone))
        note = Note(Event(Happened.MESSAGE_DELIVERED, now, message.trace, fields))
        return (done, note, *self._next())

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """The phone cannot be reached down its flow: its next REGISTER brings the messages again."""
        del failure
        if branch_id != self._branch:
            return NOTHING
        lost, self._branch = self._queue[0], ""
        self._queue.clear()
        return self._wake(lost, self.binding, now)

    @property
    def is_settled(self) -> bool:
        """Whether nothing is left to deliver."""
        return not self._queue

    def _next(self) -> Effects:
        if self._branch or not self._queue:
            return NOTHING
        request = self._compose(self._queue[0], self.binding, self.binding.flow)
        self._branch = request.via.branch
        return (Forward(request, self.binding.flow),)


def delivery_call_id(seal: Seal, message: StoredMessage, device: str) -> str:
    """Return the Call-ID under which a phone gets a message: the same each time it is sent."""
    return seal.digest("message", f"{message.id} {device}".encode())
