"""Operations on stored messages, as values (docs/adr/0005-store.md)."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.binding import Binding
from ringwake.model.history import Entry
from ringwake.model.store_ops import Op
from ringwake.model.stored_message import StoredMessage


@dataclass(frozen=True, slots=True)
class Kept:
    """The recipient's current bindings at the moment the message was kept."""

    message: StoredMessage
    bindings: tuple[Binding, ...]
    unread: int = 0
    """Missed calls and unread messages of the account, this one included."""


@dataclass(frozen=True, slots=True)
class MailboxFull:
    """As many messages wait for the account as may: nothing was kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeepMessage(Op[Kept | MailboxFull]):
    """Keep a message for each phone that is bound to its AOR, or for the first that registers."""

    message: StoredMessage
    entry: Entry | None = None
    """Its place in the account's history; None: it has none, as a delivery notification. What becomes of the message
    is written there in the same step, whether phones take it, refuse it or never come."""
    most: int | None = None
    """Messages that may wait for the account, this one included."""
    only: str = ""
    """Id of the one binding that it is for, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageDone(Op[bool]):
    """A phone has the message, or refused it for good; False when it was not waiting for it."""

    message: str
    binding: str
    """`Binding.phone`."""
    status: int = 200
    """SIP status by which it has taken or refused it."""
    wall: float = 0.0
    """Epoch seconds."""
