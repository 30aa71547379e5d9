"""What may be done from a notification without SIP: signed URLs, each for one act, once, for a time.

Whoever holds such a URL may do that one act: the phone, and the push services that carry it (docs/adr/0040-actions.md).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.ports import Seal
from ringwake.model.push import Kind

PATH = "/act/"
"""Where the URLs begin, on the phones' listener."""
CALL_SECONDS = 180.0
"""How long after the end of the wake an announced call may still be declined: it rings no longer."""
LONGEST_PEER = 512
"""Characters of a URI that is written to: a longer one would make a URL that nobody opens."""
_PURPOSE = "act"
_BLOCK = 64


class Action(StrEnum):
    """What a URL does. The names stand in the payload (docs/reference/payload.md)."""

    DECLINE = "decline"
    """Answer 486 for this phone; the others ring on."""
    DECLINE_ALL = "decline_all"
    """Answer 603: the call ends on all phones."""
    IGNORE = "ignore"
    """Wake this phone no more for this call; its caller hears nothing of it."""
    TEXT = "text"
    """Answer 603, and write a text to the caller."""
    REPLY = "reply"
    """Write to whoever has written or called."""
    READ = "read"
    """Take note that it was read: the badge falls on all devices."""


ACTIONS: dict[Kind, tuple[Action, ...]] = {
    Kind.CALL: (Action.DECLINE, Action.DECLINE_ALL, Action.IGNORE, Action.TEXT),
    Kind.MESSAGE: (Action.REPLY, Action.READ),
    Kind.MISSED: (Action.REPLY, Action.READ),
}
"""What may be done from a push of each kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One act, as its URL says it."""

    action: Action
    subject: str
    """Id of the call or message: of the parked call, and of its entry in the history."""
    phone: str
    """`Binding.phone` of the one that was pushed to."""
    aor: Aor
    until: int
    """Epoch seconds until which it may be done."""
    peer: str = ""
    """URI of whom to write to, for acts that write."""


WRITING = frozenset({Action.TEXT, Action.REPLY})
"""Those that write to whoever has called or written, and want to know to whom."""


class Subject(NamedTuple):
    """What a notification is about."""

    id: str
    """Of the call or message; empty: there is nothing to be done about it."""
    peer: str
    """URI of who calls or has written; empty: not known."""


class ActionLinks:
    """Writes the URLs and reads them back."""

    def __init__(self, seal: Seal, base: Callable[[], str]) -> None:
        """Begin.

        Args:
            seal: signs them, and hides what they say.
            base: says how phones reach us over HTTP; empty while they cannot, and then there are no URLs.
        """
        self._seal = seal
        self._base = base

    def of(self, kind: Kind, subject: Subject, binding: Binding, *, until: float) -> tuple[tuple[str, str], ...]:
        """Return the names of what may be done from a push, each with its URL: the same for a repeat of the push.

        Args:
            kind: of the push.
            subject: the call or message.
            binding: of the phone that is pushed to.
            until: epoch seconds after which the push is of no use.
        """
        base = self._base().rstrip("/")
        if not base or not subject.id:
            return ()
        last = int(until + CALL_SECONDS if kind is Kind.CALL else until)
        acts = (
            Act(
                action=action,
                subject=subject.id,
                phone=binding.phone,
                aor=binding.aor,
                until=last,
                peer=subject.peer if action in WRITING else "",
            )
            for action in ACTIONS.get(kind, ())
            if action not in WRITING or 0 < len(subject.peer) <= LONGEST_PEER
        )
        return tuple((act.action.value, f"{base}{PATH}{self._sealed(act)}") for act in acts)

    def open(self, text: str) -> Act | None:
        """Return what the last part of a URL says; None when we did not write it."""
        payload = self._seal.open(_PURPOSE, text)
        if payload is None:
            return None
        action, until, subject, phone, lengths, rest = payload.decode("utf-8", "surrogateescape").split("\0", 5)
        first, both = (int(length) for length in lengths.split())
        aor, peer = Aor(rest[:first]), rest[first:both]
        return Act(action=Action(action), subject=subject, phone=phone, aor=aor, until=int(until), peer=peer)

    def name(self, act: Act) -> str:
        """Return what all URLs of one notification have in common: one act uses them all up."""
        return self._seal.digest(
            _PURPOSE, f"{act.subject}\0{act.phone}\0{act.until}".encode("utf-8", "surrogateescape")
        )

    def _sealed(self, act: Act) -> str:
        # Addresses may hold any character, so it is told how long they are.
        both = act.aor + act.peer
        texts = (act.action.value, str(act.until), act.subject, act.phone, f"{len(act.aor)} {len(both)}", both)
        payload = "\0".join(texts).encode("utf-8", "surrogateescape")
        # Filled up, or the length of the URL would tell callers apart where the push may not name them.
        return self._seal.seal(_PURPOSE, payload.ljust(-len(payload) % _BLOCK + len(payload), b"\0"))
