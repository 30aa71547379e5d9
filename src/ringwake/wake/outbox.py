"""Messages for one phone that is awake: handed over one at a time and in order (RFC 3428 section 8).

What it refuses for now is offered again after growing pauses, as long as it is awake. One that does not answer is
tried again likewise, and woken: it seemed awake, and may not be.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, AbandonBranch, Effects, Forward, Note, Persist
from ringwake.model.events import Event, Field, Happened
from ringwake.model.message_ops import MessageDone
from ringwake.model.ports import Seal
from ringwake.model.stored_message import StoredMessage
from ringwake.sip.fields import retry_after
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import MESSAGE
from ringwake.sip.timers import T4, TIMEOUT
from ringwake.sip.transactions.events import Failure
from ringwake.wake.mail_queue import MailQueue, pause_after
from ringwake.wake.owner import Owner

# Not the phone's last word: it may take the message another time (RFC 3428 section 7).
_TRANSIENT = frozenset({401, 407, 480, 486})
_UNHEARD = frozenset({408, 430})
"""Of a proxy on the way, for a phone that has not answered it, or whose flow is gone (RFC 5626 section 5.3.1)."""
AWAKE_SECONDS = TIMEOUT + T4
"""A phone that has registered so lately is awake, though it may not have answered a message that came with that."""
MOST_WAKES = 3
"""Wakes of a phone that comes each time and answers nothing: one more would only bring the next, for a week."""
_REMEMBERED = 100
"""Messages that a phone has had, the last ones, as long as its outbox stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Carriage:
    """What outboxes need of the server."""

    compose: Callable[[StoredMessage, Binding, int], Request]
    """Builds the request of a message that the phone has refused for now so many times."""
    wake: Callable[[Sequence[StoredMessage], Binding], Effects]
    """What to do about a phone that seemed awake and is to have these messages."""
    is_awake: Callable[[Binding, float], bool]
    """Tells whether bytes can be sent to a phone now."""
    wall: Callable[[float], float]
    """From monotonic to epoch seconds."""


class Outbox(Owner):
    """One phone's queue. The store keeps what is in it."""

    def __init__(self, binding: Binding, carriage: Carriage) -> None:
        """Begin, empty; the messages go down the flow of `binding`."""
        self.binding = binding
        self._carriage = carriage
        self._queue = MailQueue()
        # A REGISTER that was applied before a message was done may bring that message when it is durable.
        self._had: deque[str] = deque(maxlen=_REMEMBERED)
        self._branch = ""
        """Of the message that is under way."""
        self._message: StoredMessage | None = None
        """The one that is under way."""
        self._silences = self._wakes = 0
        """How often in a row the phone has not answered, and was woken for that."""
        self._is_called = False
        """Whether it was woken since it registered last."""
        self._again_at: float | None = None
        """When a phone that has not answered is tried again."""

    def add(self, messages: Iterable[StoredMessage], now: float) -> Effects:
        """Take messages to deliver; those that are in the queue, or that the phone has had, are not doubled."""
        self._queue.add(message for message in messages if message.id not in self._had)
        return self._next(now)

    def moved(self, binding: Binding, now: float) -> Effects:
        """The phone has registered anew: it is awake, and gets what it did not take before.

        What is under way down another flow is sent again down this one.
        """
        moved = (binding.flow, binding.path) != (self.binding.flow, self.binding.path)
        self.binding = binding
        self._is_called, self._again_at = False, None
        self._queue.release()
        if not moved or not self._branch:
            return NOTHING
        branch, self._branch = self._branch, ""
        return (AbandonBranch(branch, MESSAGE), *self._next(now))

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """The phone has answered: go on with the next, or let the conversation wait."""
        if response.status < 200 or branch_id != self._branch:
            return NOTHING
        if response.status in _UNHEARD:
            return self._unheard(now, str(response.status))
        message, self._branch = self._under_way, ""
        self._silences = self._wakes = 0
        status = response.status
        if status in _TRANSIENT or 500 <= status < 600:
            at = self._queue.hold(message.id, now, least=retry_after(response.headers))
            return (self._deferred(message, now, at, status=status), *self._next(now))
        self._queue.remove(message.id)
        self._had.append(message.id)
        what = Happened.MESSAGE_DELIVERED if status < 300 else Happened.MESSAGE_REFUSED
        done = MessageDone(message=message.id, binding=self.binding.phone, status=status, wall=self._carriage.wall(now))
        return (Persist(done), self._note(what, message, now, status=status), *self._next(now))

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """The phone does not answer down its flow: its next REGISTER brings the messages again."""
        return NOTHING if branch_id != self._branch else self._unheard(now, failure.value)

    def handle_timer(self, now: float) -> Effects:
        """Offer again what the phone did not take; wake one that has fallen asleep with that."""
        self._again_at = None
        if self._carriage.is_awake(self.binding, now):
            return self._next(now)
        self._queue.release()  # it gets all of them when it comes
        return self._call(now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        if self._branch:
            return None
        return self._queue.get_timer() if self._again_at is None else self._again_at

    @property
    def is_settled(self) -> bool:
        """Whether there is nothing left that it does by itself."""
        return not self._branch and self.get_timer() is None

    def _next(self, now: float) -> Effects:
        if self._branch or self._again_at is not None:
            return NOTHING
        message = self._queue.first(now, wall=self._carriage.wall(now))
        if message is None:
            return NOTHING
        request = self._carriage.compose(message, self.binding, self._queue.refusals(message.id))
        self._branch, self._message = request.via.branch, message
        return (Forward(request, self.binding.flow),)

    @property
    def _under_way(self) -> StoredMessage:
        assert self._message is not None
        return self._message

    def _unheard(self, now: float, reason: str) -> Effects:
        message, self._branch = self._under_way, ""
        self._silences += 1
        self._queue.release()
        if self._carriage.is_awake(self.binding, now):
            self._again_at = now + pause_after(self._silences - 1)
        return (self._deferred(message, now, self._again_at, reason=reason), *self._call(now))

    def _call(self, now: float) -> Effects:
        """Wake the phone, unless it is awake for sure, or a wake is of no use."""
        is_fresh = self._carriage.wall(now) - self.binding.registered_at < AWAKE_SECONDS
        if is_fresh and self._carriage.is_awake(self.binding, now):
            return NOTHING
        if self._is_called or self._wakes >= MOST_WAKES:
            return NOTHING
        self._is_called = True
        self._wakes += 1
        return self._carriage.wake(self._queue.messages, self.binding)

    def _deferred(self, message: StoredMessage, now: float, at: float | None, **fields: Field) -> Note:
        again_in = None if at is None else round(at - now, 3)
        return self._note(Happened.MESSAGE_DEFERRED, message, now, again_in=again_in, **fields)

    def _note(self, what: Happened, message: StoredMessage, now: float, **fields: Field) -> Note:
        return Note(Event(what, now, message.trace, {"device": self.binding.id, **fields}))


def delivery_call_id(seal: Seal, message: StoredMessage, device: str) -> str:
    """Return the Call-ID under which a phone gets a message: the same each time it is sent."""
    return seal.digest("message", f"{message.id} {device}".encode())
