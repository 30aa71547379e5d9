"""Keeping a message for the phones of an account, and setting its delivery going: they are woken, or get it at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ringwake.edge.core import Core
from ringwake.edge.message_delivery import hand_over
from ringwake.edge.message_wakes import plan_of, wake
from ringwake.model.account import Account
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Note, Persist
from ringwake.model.events import Event, Happened
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.message_ops import KeepMessage, Kept, MailboxFull
from ringwake.model.store_ops import Failed
from ringwake.model.stored_message import StoredMessage
from ringwake.sip.fields import expires
from ringwake.sip.message import Request
from ringwake.wake.announcement import Announcement, identity
from ringwake.wake.message_content import Content, content_of
from ringwake.wake.parked_message import ParkedMessage
from ringwake.wake.plan import Action, Target

Told: TypeAlias = Callable[[Kept | MailboxFull | Failed, float], Effects]
"""Answers whoever has sent a message, once it is known what has become of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message that somebody wants an account to have."""

    request: Request
    account: Account
    """Whose phones are to have it, with the settings by which they show it."""
    only: str = ""
    """Id of the one binding that it is for, or empty."""


def keep(core: Core, letter: Letter, now: float, *, told: Told) -> Effects:
    """Write a message down; what follows is said by `told`, and done, when it is on disk.

    A disposition notification is kept like a message, but is none to the person: it wakes nobody and is not listed.
    """
    stored = _stored(core, letter, now)
    words = core.announce(letter.request, letter.account)
    is_said = content_of(letter.request) is Content.SAID
    parked = ParkedMessage(stored, words, means=core.means, seal=core.seal)
    asleep: set[str] = set()

    def applied(kept: Kept | MailboxFull, now: float) -> Effects:
        if isinstance(kept, MailboxFull) or not is_said:
            return NOTHING
        parked.unread = kept.unread
        asleep.update(t.binding.phone for t in _planned(core, kept, letter, now) if t.action is Action.WAKE)
        return wake(core, parked, _meant(kept, letter), now)

    def then(kept: Kept | MailboxFull, now: float) -> Effects:
        if isinstance(kept, MailboxFull):
            return told(kept, now)
        note = Note(Event(Happened.MESSAGE_KEPT, now, stored.trace, {"aor": stored.aor}))
        awake = [t.binding for t in _planned(core, kept, letter, now) if t.action is Action.RING]
        # Whoever was awake a moment ago and is not any more would neither get it nor be woken for it.
        fallen = [phone for phone in _meant(kept, letter) if phone.phone not in asleep] if is_said else []
        woken = wake(core, parked, fallen, now)
        return (*told(kept, now), note, *hand_over(core, awake, (kept.message,), now), *woken)

    def otherwise(failed: Failed, now: float) -> Effects:
        note = Note(Event(Happened.STORE_FAILED, now, stored.trace, {"op": "message", "reason": failed.reason}))
        return (note, *told(failed, now))

    entry = _entry(stored, words) if is_said else None
    op = KeepMessage(message=stored, entry=entry, most=core.messages_per_account, only=letter.only)
    return (Persist(op, applied=applied, then=then, otherwise=otherwise),)


def _stored(core: Core, letter: Letter, now: float) -> StoredMessage:
    request, aor, wall = letter.request, letter.account.aor, core.wall(now)
    asked = expires(request.headers)
    # One message, whichever phones the PBX has sent it to.
    name = identity(request) + aor.encode("utf-8", "surrogateescape")
    return StoredMessage(
        id=core.key("message", request, aor),
        entry=core.seal.digest("listed", name) if letter.only else "",
        trace=core.trace(request),
        aor=aor,
        message=request.encode(),
        received_at=wall,
        expires_at=wall + min(core.message_seconds, core.message_seconds if asked is None else asked),
    )


def _entry(stored: StoredMessage, words: Announcement) -> Entry:
    return Entry(
        id=stored.listed_as,
        trace=stored.trace,
        aor=stored.aor,
        kind=EntryKind.MESSAGE,
        outcome=Outcome.WAITING,
        peer_uri=words.caller.uri,
        peer_name=words.caller.name,
        at=stored.received_at,
    )


def _planned(core: Core, kept: Kept, letter: Letter, now: float) -> list[Target]:
    return plan_of(core, _meant(kept, letter), now)


def _meant(kept: Kept, letter: Letter) -> tuple[Binding, ...]:
    return tuple(binding for binding in kept.bindings if binding.is_meant(letter.only))
