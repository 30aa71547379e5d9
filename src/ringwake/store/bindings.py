"""Bindings by address of record, by push token, and by the time when something is due."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, KeysView

from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.store.agenda import Agenda
from ringwake.store.changes import Changes


class Bindings:
    """The bindings of each AOR stand in the order of their last REGISTER; those of one moment, by id.

    There is no index by id: every operation that names a binding names its AOR too, which has ten at most.
    """

    __slots__ = ("_by_aor", "_by_token", "_due", "_expiry")

    def __init__(self) -> None:
        self._by_aor: dict[Aor, tuple[Binding, ...]] = {}
        # Digest of a token to the AORs that have it: a phone with several accounts has one token.
        self._by_token: dict[str, tuple[Aor, ...]] = {}
        self._due = Agenda()
        self._expiry = Agenda()

    def at(self, aor: Aor) -> tuple[Binding, ...]:
        """Return all bindings of an AOR, also those that have expired and were not swept yet."""
        return self._by_aor.get(aor, ())

    def current(self, aor: Aor, wall: float) -> tuple[Binding, ...]:
        """Return the bindings of an AOR that have not expired."""
        return tuple(binding for binding in self.at(aor) if binding.expires_at > wall)

    def aors(self) -> Iterator[Aor]:
        """Yield the AORs that have bindings, in order."""
        return iter(sorted(self._by_aor))

    def with_token(self, digest: str) -> tuple[Aor, ...]:
        """Return the AORs where this token is bound, in order."""
        return tuple(sorted(self._by_token.get(digest, ())))

    def put(self, changes: Changes, aor: Aor, bindings: Iterable[Binding]) -> None:
        """Make these all the bindings of the AOR."""
        old = self.at(aor)
        new = tuple(sorted(bindings, key=_place))
        before = {binding.id: binding for binding in old}
        for binding in new:
            known = before.pop(binding.id, None)
            if known is not binding:
                changes.write(known, binding)
        for gone in before.values():
            changes.write(gone, None)
        self._set(aor, new)
        changes.way_back(self._set, aor, old)

    def load(self, binding: Binding) -> None:
        """Add a binding that an earlier life has left."""
        self._set(binding.aor, tuple(sorted((*self.at(binding.aor), binding), key=_place)))

    def next_due(self, wall: float) -> Binding | None:
        """Find the binding whose silent push has been due longest; `put` must follow before the next call."""
        while (entry := self._due.pop(wall)) is not None:
            at, aor = entry[0], Aor(entry[1])
            first = min(
                (_due(b) for b in self.at(aor) if b.refresh_at is not None and b.expires_at > wall), default=None
            )
            if first is None:
                continue
            time, _, binding = first
            if time <= at:
                return binding
            self._due.note(aor, time)
        return None

    def next_expired(self, wall: float) -> Binding | None:
        """Find the binding that expired first; `put` must follow before the next call."""
        while (entry := self._expiry.pop(wall)) is not None:
            at, aor = entry[0], Aor(entry[1])
            if not self.at(aor):
                continue
            first = min(self.at(aor), key=_expiry)
            if first.expires_at <= at:
                return first
            self._expiry.note(aor, first.expires_at)
        return None

    def _set(self, aor: Aor, new: tuple[Binding, ...]) -> None:
        old = self.at(aor)
        if new:
            self._by_aor[aor] = new
        else:
            self._by_aor.pop(aor, None)
        self._index_tokens(aor, old, new)
        # The agendas hear of the earliest time only: a key whose time has moved on is noted again when it is popped.
        times = [binding.refresh_at for binding in new if binding.refresh_at is not None]
        if times:
            self._due.note(aor, min(times))
        if new:
            self._expiry.note(aor, min(binding.expires_at for binding in new))

    def _index_tokens(self, aor: Aor, old: tuple[Binding, ...], new: tuple[Binding, ...]) -> None:
        if [binding.push for binding in old] == [binding.push for binding in new]:
            return
        before, after = _tokens(old), _tokens(new)
        for digest in before - after:
            left = tuple(other for other in self._by_token[digest] if other != aor)
            if left:
                self._by_token[digest] = left
            else:
                del self._by_token[digest]
        alone = (aor,)
        for digest in after - before:
            known = self._by_token.get(digest)
            self._by_token[digest] = (*known, aor) if known else alone


def phones_of(bindings: Iterable[Binding]) -> KeysView[str]:
    """Return whose bindings these are, in order and each once: a phone may have several flows (RFC 5626)."""
    return dict.fromkeys(binding.phone for binding in bindings).keys()


def _place(binding: Binding) -> tuple[float, str]:
    return binding.registered_at, binding.id


def _due(binding: Binding) -> tuple[float, str, Binding]:
    assert binding.refresh_at is not None
    return binding.refresh_at, binding.id, binding


def _expiry(binding: Binding) -> tuple[float, str]:
    return binding.expires_at, binding.id


def _tokens(bindings: tuple[Binding, ...]) -> set[str]:
    return {token.digest for binding in bindings if binding.push for _, token in binding.push.tokens}
