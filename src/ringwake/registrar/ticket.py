"""One-time tickets: a push may carry one, and a REGISTER that brings it back needs no challenge (docs/adr/0018).

Whoever is woken by a push has a call waiting for it; the round trip of a challenge is the caller's time. A ticket
stands for the credentials of one account, once, for the phone that has the pushed token, within a minute.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.ports import Seal
from ringwake.model.push import PushTarget
from ringwake.secret import Token

LONGEST = 60.0
"""Seconds that a ticket is good for at most."""
_PURPOSE = "ticket"


class Flaw(Enum):
    """Why a ticket is none."""

    FORGED = auto()
    """We did not write it."""
    SPENT = auto()
    """It was used, or is over, or is of another life of the process."""


@dataclass(frozen=True, slots=True)
class Ticket:
    """What a ticket says."""

    id: str
    """The push that carried it: a retry of it carries the same ticket."""
    token: str
    """Digest of the push token that it went to."""
    expires_at: float
    """Epoch seconds."""
    binding: str
    """The one that it may refresh."""
    aor: Aor

    def is_for(self, target: PushTarget | None) -> bool:
        """Tell whether a Contact with this push target is that phone's."""
        return target is not None and any(token.digest == self.token for _, token in target.tokens)


class Tickets:
    """Issues tickets and takes them back, each once.

    They are good in one life of the process only, so that memory is enough to know the used ones.
    """

    def __init__(self, seal: Seal, life: str, *, purpose: str = _PURPOSE) -> None:
        """Begin.

        Args:
            seal: writes them.
            life: a name, without a blank, that no other life of the process has.
            purpose: what they are good for; those of another purpose are forged.
        """
        self._seal = seal
        self._life = life
        self._purpose = purpose
        self._used: dict[str, float] = {}

    def issue(self, push: str, token: Token, binding: Binding, *, wall: float, until: float) -> str:
        """Write the ticket of a push to a token of a binding, good until then and a minute at most."""
        expires_at = min(until, wall + LONGEST)
        text = f"{self._life} {push} {token.digest} {expires_at} {binding.id} {binding.aor}"
        return self._seal.seal(self._purpose, text.encode("utf-8", "surrogateescape"))

    def read(self, text: str, *, wall: float) -> Ticket | Flaw:
        """Return what a ticket says, or why it is none."""
        payload = self._seal.open(self._purpose, text)
        if payload is None:
            return Flaw.FORGED
        life, _, rest = payload.decode("utf-8", "surrogateescape").partition(" ")
        if life != self._life:
            return Flaw.SPENT
        push, token, expires_at, binding, aor = rest.split(" ", 4)
        ticket = Ticket(push, token, float(expires_at), binding, Aor(aor))
        return ticket if ticket.expires_at > wall and push not in self._used else Flaw.SPENT

    def use(self, ticket: Ticket) -> None:
        """Take a ticket: it is good no more."""
        self.spend(ticket.id, until=ticket.expires_at)

    def spend(self, push: str, *, until: float) -> None:
        """Take the ticket of a push, which would be good until then."""
        self._used[push] = until

    def give_back(self, ticket: Ticket) -> None:
        """Let a ticket be good again: what it was used for could not be written."""
        self._used.pop(ticket.id, None)

    def sweep(self, wall: float) -> None:
        """Forget used tickets that are over anyway."""
        self._used = {push: until for push, until in self._used.items() if until > wall}

    def __len__(self) -> int:
        return len(self._used)
