"""The messages for one phone, in order, and the conversations that have to wait because it did not take one of theirs.

A message that a phone refuses for now is offered again after growing pauses. Meanwhile nothing overtakes it that the
same sender has written; what others write goes on.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ringwake.model.stored_message import StoredMessage
from ringwake.sip.errors import SipError
from ringwake.sip.fields import address
from ringwake.sip.parser import parse

PAUSES = (2.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0)
"""Seconds after which a message is offered again; the last one repeats."""


@dataclass(slots=True)
class _Letter:
    message: StoredMessage
    refusals: int = 0
    sender: str | None = None
    """Names its conversation; None: it was not looked at yet."""

    @property
    def conversation(self) -> str:
        if self.sender is None:
            self.sender = sender_of(self.message)
        return self.sender


class MailQueue:
    """What is to be delivered to one phone. The store keeps it, too."""

    def __init__(self) -> None:
        self._letters: dict[str, _Letter] = {}
        self._held: dict[str, float] = {}
        """When each conversation goes on that waits, monotonic."""

    def __contains__(self, message: str) -> bool:
        return message in self._letters

    def __len__(self) -> int:
        return len(self._letters)

    @property
    def messages(self) -> tuple[StoredMessage, ...]:
        """All of them, oldest first."""
        return tuple(letter.message for letter in self._letters.values())

    def add(self, messages: Iterable[StoredMessage]) -> None:
        """Append messages; those that are in it already stay where they are."""
        for message in messages:
            self._letters.setdefault(message.id, _Letter(message))

    def remove(self, message: str) -> None:
        """Take a message out: the phone has it, or will never take it."""
        self._letters.pop(message, None)

    def refusals(self, message: str) -> int:
        """Return how often the phone has refused a message for now."""
        letter = self._letters.get(message)
        return letter.refusals if letter else 0

    def hold(self, message: str, now: float, *, least: float = 0.0) -> float:
        """Let the conversation of a refused message wait, `least` seconds at least; returns until when."""
        letter = self._letters[message]
        pause = max(pause_after(letter.refusals), min(least, PAUSES[-1]))
        letter.refusals += 1
        at = self._held[letter.conversation] = now + pause
        return at

    def release(self) -> None:
        """Let all conversations go on."""
        self._held.clear()

    def first(self, now: float, *, wall: float) -> StoredMessage | None:
        """Return the oldest message whose conversation need not wait; what has expired is dropped."""
        self._held = {sender: at for sender, at in self._held.items() if at > now}
        for letter in tuple(self._letters.values()):
            if letter.message.expires_at <= wall:
                self.remove(letter.message.id)
            elif not self._held or letter.conversation not in self._held:
                return letter.message
        return None

    def get_timer(self) -> float | None:
        """Return when the next conversation goes on."""
        return min(self._held.values(), default=None) if self._letters else None


def pause_after(failures: int) -> float:
    """Return how many seconds to wait after so many failures before."""
    return PAUSES[min(failures, len(PAUSES) - 1)]


def sender_of(message: StoredMessage) -> str:
    """Name who has written a message: what one sender writes arrives in order."""
    try:
        sender = address(parse(message.message).headers, "from")
    except SipError:
        return ""
    try:
        return sender.sip_uri.aor
    except SipError:
        return sender.uri  # a telephone number, of a peer
