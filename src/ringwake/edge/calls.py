"""What is under way: parked calls, requests inside dialogs, messages. Each has one owner, which takes its events."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from ringwake.model.effects import NOTHING, Effects, Forward
from ringwake.model.push import Outcome
from ringwake.sip.message import Response
from ringwake.sip.timers import TIMEOUT, Deadlines
from ringwake.sip.transactions.events import Failure
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.wake.owner import Owner


@dataclass(slots=True, eq=False)
class Entry:
    """An owner and all the names by which it is known."""

    id: str
    owner: Owner
    transaction: ServerTransaction | None
    aor: str
    branches: dict[str, None] = field(default_factory=dict)
    is_lingering: bool = False
    """Whether it is settled, and will be forgotten."""


class Calls:
    """Owners by all the names under which events ask for them."""

    def __init__(self) -> None:
        self._by_id: dict[str, Entry] = {}
        self._by_branch: dict[str, Entry] = {}
        self._by_transaction: dict[ServerTransaction, Entry] = {}
        self._by_aor: dict[str, dict[str, Entry]] = {}
        self._timers: Deadlines[str] = Deadlines()
        self._lingering: Deadlines[str] = Deadlines()

    def __len__(self) -> int:
        return len(self._by_id)

    def add(self, owner_id: str, owner: Owner, *, transaction: ServerTransaction | None, aor: str = "") -> None:
        """Take up an owner: `transaction` is the request it serves, `aor` whom it calls."""
        entry = self._by_id[owner_id] = Entry(owner_id, owner, transaction, aor)
        if transaction is not None:
            self._by_transaction[transaction] = entry
        if aor:
            self._by_aor.setdefault(aor, {})[owner_id] = entry

    def get(self, owner_id: str) -> Owner | None:
        """Return an owner by its id."""
        entry = self._by_id.get(owner_id)
        return None if entry is None else entry.owner

    def serving(self, transaction: ServerTransaction) -> Owner | None:
        """Return the owner that serves a request."""
        entry = self._by_transaction.get(transaction)
        return None if entry is None else entry.owner

    def calling(self, aor: str) -> list[tuple[str, Owner]]:
        """Return the owners that call an address of record, with their ids, oldest first."""
        return [(entry.id, entry.owner) for entry in self._by_aor.get(aor, {}).values()]

    def response(self, branch: str, response: Response, now: float) -> Effects:
        """Pass a response to whoever sent the request."""
        entry = self._by_branch.get(branch)
        if entry is None:
            return NOTHING
        effects = self._keep(entry, entry.owner.response(branch, response, now), now)
        if entry.owner.is_standing and response.status >= 200:
            self._drop(entry, branch)
        return effects

    def failed(self, branch: str, failure: Failure, now: float) -> Effects:
        """Pass a failure to whoever sent the request."""
        entry = self._by_branch.get(branch)
        if entry is None:
            return NOTHING
        effects = self._keep(entry, entry.owner.failed(branch, failure, now), now)
        if entry.owner.is_standing:
            self._drop(entry, branch)
        return effects

    def cancel(self, transaction: ServerTransaction, reason: str, now: float) -> Effects:
        """Pass a CANCEL to whoever serves the request."""
        entry = self._by_transaction.get(transaction)
        return NOTHING if entry is None else self._keep(entry, entry.owner.cancel(reason, now), now)

    def pushed(self, owner_id: str, device: str, outcome: Outcome, now: float) -> Effects:
        """Pass the outcome of a push to whoever wanted it."""
        entry = self._by_id.get(owner_id)
        return NOTHING if entry is None else self._keep(entry, entry.owner.pushed(device, outcome, now), now)

    def keep(self, owner_id: str, effects: Effects, now: float) -> Effects:
        """Take note of an owner's new branches and of its next timer, after each of its events; returns the effects."""
        entry = self._by_id.get(owner_id)
        return effects if entry is None else self._keep(entry, effects, now)

    def get_timer(self) -> float | None:
        """Return when `handle_timer` wants to be called."""
        return min((at for at in (self._timers.first(), self._lingering.first()) if at is not None), default=None)

    def handle_timer(self, now: float) -> Iterator[Effects]:
        """Let owners do what is due; forget those that have nothing more to come."""
        while (owner_id := self._timers.pop_due(now)) is not None:
            entry = self._by_id[owner_id]
            yield self._keep(entry, entry.owner.handle_timer(now), now)
        while (owner_id := self._lingering.pop_due(now)) is not None:
            self.forget(owner_id)

    def forget(self, owner_id: str) -> None:
        """Let go of an owner."""
        entry = self._by_id.pop(owner_id)
        self._timers.drop(owner_id)
        self._lingering.drop(owner_id)
        for branch in list(entry.branches):
            self._drop(entry, branch)
        if entry.transaction is not None and self._by_transaction.get(entry.transaction) is entry:
            del self._by_transaction[entry.transaction]  # unless a call that has gone on has another owner now
        same_aor = self._by_aor.get(entry.aor, {})
        same_aor.pop(owner_id, None)
        if not same_aor:
            self._by_aor.pop(entry.aor, None)

    def _drop(self, entry: Entry, branch: str) -> None:
        entry.branches.pop(branch, None)
        if self._by_branch.get(branch) is entry:
            del self._by_branch[branch]

    def _keep(self, entry: Entry, effects: Effects, now: float) -> Effects:
        for effect in effects:
            if isinstance(effect, Forward):
                branch = effect.request.via.branch
                entry.branches[branch] = None
                self._by_branch[branch] = entry
        at = entry.owner.get_timer()
        if at is None:
            self._timers.drop(entry.id)
        else:
            self._timers.set(entry.id, at)
        was_lingering, entry.is_lingering = entry.is_lingering, entry.owner.is_settled
        if not entry.is_lingering:
            self._lingering.drop(entry.id)
        elif not was_lingering:
            # Retransmitted 2xx still have to find their way (RFC 6026 section 7.2). What comes meanwhile prolongs
            # nothing: a phone that registers again and again would keep all its calls here.
            self._lingering.set(entry.id, now + TIMEOUT)
        return effects
