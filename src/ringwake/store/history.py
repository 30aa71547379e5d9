"""What has become of each account's calls and messages, newest last, and how many nobody has looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from ringwake.model.account import Aor
from ringwake.model.history import Entry, Outcome
from ringwake.model.history_ops import ListHistory, MarkRead
from ringwake.store.agenda import Agenda
from ringwake.store.changes import Changes, Steps
from ringwake.store.rows import Line

MOST = 200
"""Entries of one account; the oldest goes first."""
KEPT_SECONDS = 90 * 86400.0
_UNDELIVERED = frozenset({Outcome.WAITING, Outcome.EXPIRED, Outcome.REFUSED})


class History:
    """The lines of all accounts."""

    __slots__ = ("_by_aor", "_by_id", "_expiry", "_is_sorted", "_unread")

    def __init__(self) -> None:
        self._by_id: dict[str, Line] = {}
        self._by_aor: dict[Aor, dict[str, None]] = {}
        # Both in the order of their serial numbers: a line that is replaced keeps its number and its place.
        self._is_sorted = True
        """Whether `_by_id` is: seldom not, so that nobody sorts all lines who wants to see the newest."""
        self._unread: dict[Aor, int] = {}
        self._expiry = Agenda()

    @property
    def steps(self) -> Steps:
        """Operations that concern nothing else."""
        return {ListHistory: self.listed, MarkRead: self.mark_read}

    def unread(self, aor: Aor) -> int:
        """Return how many entries of an account count on its badge."""
        return self._unread.get(aor, 0)

    def log(self, changes: Changes, entry: Entry, serial: int) -> None:
        """Add an entry, or replace the one with its id. What was read stays so."""
        known = self._by_id.get(entry.id)
        if known is not None:
            was_read = known.entry.is_read
            self._change(changes, known, Line(replace(entry, is_read=entry.is_read or was_read), known.serial))
            return
        self._change(changes, None, Line(entry, serial))
        lines = self._by_aor[entry.aor]
        if len(lines) > MOST:
            self._change(changes, self._by_id[next(iter(lines))], None)

    def joined(self, entry: Entry) -> Entry:
        """Return the entry of a call by which a PBX has called one phone alone, as that of the call to all of them.

        Such calls have one trace and overlap. Whoever has answered or declined has done so for all.
        """
        for entry_id in reversed(self._by_aor.get(entry.aor, {})):
            known = self._by_id[entry_id].entry
            is_same = (known.kind, known.trace) == (entry.kind, entry.trace)
            if is_same and known.id != entry.id and known.ended_at >= entry.at:
                return known if entry.is_missed or not known.is_missed else replace(entry, id=known.id, at=known.at)
        return entry

    def became(self, changes: Changes, entry_id: str, outcome: Outcome, *, at: float, status: int = 0) -> None:
        """Note what has become of a message that waited, unless it is known or gone; one phone that has it will do."""
        known = self._by_id.get(entry_id)
        open_to = _UNDELIVERED if outcome is Outcome.DELIVERED else {Outcome.WAITING}
        if known is None or known.entry.outcome not in open_to:
            return
        entry = replace(known.entry, outcome=outcome, ended_at=at, status=status)
        self._change(changes, known, Line(entry, known.serial))

    def mark_read(self, op: MarkRead, changes: Changes) -> tuple[int, int]:
        """Mark entries as read; return how many were unread, and how many still are."""
        wanted = set(op.entries)
        marked = 0
        for entry_id in tuple(self._by_aor.get(op.aor, ())):
            line = self._by_id[entry_id]
            is_meant = entry_id in wanted if wanted else line.entry.at <= op.until
            if is_meant and not line.entry.is_read:
                marked += line.entry.is_unread
                self._change(changes, line, Line(replace(line.entry, is_read=True), line.serial))
        return marked, self.unread(op.aor)

    def listed(self, op: ListHistory, _: Changes) -> tuple[Entry, ...]:
        """Return entries, newest first."""
        found = (
            line.entry
            for line in self._newest_first(op.aor)
            if op.kind in (None, line.entry.kind)
            and (line.entry.is_unread or not op.only_unread)
            and (line.entry.is_missed or not op.only_missed)
        )
        return tuple(islice(found, op.limit))

    def _newest_first(self, aor: Aor | None) -> Iterator[Line]:
        if aor is not None:
            return (self._by_id[one] for one in reversed(self._by_aor.get(aor, {})))
        if not self._is_sorted:
            self._by_id = dict(sorted(self._by_id.items(), key=lambda item: item[1].serial))
            self._is_sorted = True
        return reversed(self._by_id.values())

    def knows(self, entry_id: str) -> bool:
        """Tell whether there is an entry of this id."""
        return entry_id in self._by_id

    def remove(self, changes: Changes, aor: Aor) -> None:
        """Remove all of an account."""
        for entry_id in tuple(self._by_aor.get(aor, ())):
            self._change(changes, self._by_id[entry_id], None)

    def remove_expired(self, changes: Changes, wall: float) -> bool:
        """Remove the oldest entry if nobody need know of it any more; False when there is none."""
        entry = self._expiry.pop(wall - KEPT_SECONDS)
        if entry is None:
            return False
        self._change(changes, self._by_id[entry[1]], None)
        return True

    def load(self, line: Line) -> None:
        """Add a line that an earlier life has left."""
        self._set(line.entry.id, line.entry.aor, line)

    def loaded(self) -> None:
        """Put what was loaded into order: rows come as the disk has them."""
        self._is_sorted = False
        for aor, ids in self._by_aor.items():
            self._by_aor[aor] = dict.fromkeys(sorted(ids, key=lambda one: self._by_id[one].serial))

    def _change(self, changes: Changes, before: Line | None, after: Line | None) -> None:
        changes.write(before, after)
        known = before or after
        assert known is not None
        changes.way_back(self._restore, known.entry.id, known.entry.aor, before)
        self._set(known.entry.id, known.entry.aor, after)

    def _restore(self, entry_id: str, aor: Aor, before: Line | None) -> None:
        gone = before is not None and entry_id not in self._by_id
        self._set(entry_id, aor, before)
        if gone:
            self._is_sorted = False
            ids = self._by_aor[aor]
            self._by_aor[aor] = dict.fromkeys(sorted(ids, key=lambda one: self._by_id[one].serial))

    def _set(self, entry_id: str, aor: Aor, line: Line | None) -> None:
        known = self._by_id.get(entry_id)
        count = self.unread(aor) - (known.entry.is_unread if known else 0) + (line.entry.is_unread if line else 0)
        if count:
            self._unread[aor] = count
        else:
            self._unread.pop(aor, None)
        if line is not None:
            self._by_id[entry_id] = line
            self._by_aor.setdefault(aor, {})[entry_id] = None
            if known is not None and known.entry.at < line.entry.at:
                self._expiry.forget(entry_id)
            self._expiry.note(entry_id, line.entry.at)
            return
        del self._by_id[entry_id]
        ids = self._by_aor[aor]
        del ids[entry_id]
        if not ids:
            del self._by_aor[aor]
        self._expiry.forget(entry_id)
