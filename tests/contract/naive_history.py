"""The history, the settings and what was used up, written down once more in the simplest way."""

from __future__ import annotations

from dataclasses import replace
from functools import singledispatchmethod
from typing import Any

from ringwake.model.account import Aor
from ringwake.model.history import MISSED, Entry, EntryKind, Outcome
from ringwake.model.history_ops import ListHistory, Log, MarkRead
from ringwake.model.once_ops import UseOnce
from ringwake.model.settings import UNCHOSEN, Settings
from ringwake.model.settings_ops import ListSettings, Outdated, PutSettings

MOST = 200
KEPT = 90 * 86400.0


class NaiveHistory:
    """Lists, oldest first."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
        self.settings: dict[Aor, Settings] = {}
        self.used: dict[str, float] = {}

    def unread(self, aor: Aor) -> int:
        return sum(entry.aor == aor and entry.is_unread for entry in self.entries)

    def became(self, name: str, outcome: Outcome, at: float, status: int = 0) -> None:
        is_open = {Outcome.WAITING}
        if outcome is Outcome.DELIVERED:
            is_open |= {Outcome.EXPIRED, Outcome.REFUSED}
        for number, entry in enumerate(self.entries):
            if entry.id == name and entry.outcome in is_open:
                self.entries[number] = replace(entry, outcome=outcome, ended_at=at, status=status)

    def sweep(self, wall: float, limit: int) -> int:
        old = sorted((e.at, e.id) for e in self.entries if e.at <= wall - KEPT)[:limit]
        self.entries = [e for e in self.entries if (e.at, e.id) not in old]
        over = sorted((until, name) for name, until in self.used.items() if until <= wall)[: limit - len(old)]
        for _, name in over:
            del self.used[name]
        return len(old) + len(over)

    def remove(self, aor: Aor) -> None:
        self.entries = [entry for entry in self.entries if entry.aor != aor]
        self.settings.pop(aor, None)

    @singledispatchmethod
    def apply(self, op: Any) -> Any:
        raise NotImplementedError(op)

    @apply.register
    def _(self, op: Log) -> int:
        for number, known in enumerate(self.entries):
            if known.id == op.entry.id:
                self.entries[number] = replace(op.entry, is_read=known.is_read or op.entry.is_read)
                break
        else:
            self.entries.append(op.entry)
            own = [entry for entry in self.entries if entry.aor == op.entry.aor]
            if len(own) > MOST:
                self.entries.remove(own[0])
        return self.unread(op.entry.aor)

    @apply.register
    def _(self, op: ListHistory) -> tuple[Entry, ...]:
        found = [e for e in reversed(self.entries) if op.aor in (None, e.aor) and op.kind in (None, e.kind)]
        found = [e for e in found if e.is_unread or not op.only_unread]
        is_missed = {e.id for e in found if e.kind is EntryKind.CALL and e.outcome in MISSED}
        return tuple(e for e in found if e.id in is_missed or not op.only_missed)[: op.limit]

    @apply.register
    def _(self, op: MarkRead) -> tuple[int, int]:
        before = self.unread(op.aor)
        for number, entry in enumerate(self.entries):
            is_meant = entry.id in op.entries if op.entries else entry.at <= op.until
            if entry.aor == op.aor and is_meant:
                self.entries[number] = replace(entry, is_read=True)
        return before - self.unread(op.aor), self.unread(op.aor)

    @apply.register
    def _(self, op: PutSettings) -> Settings | Outdated:
        current = self.settings.get(op.aor, UNCHOSEN)
        if op.expected not in (None, current.version):
            return Outdated(current)
        self.settings[op.aor] = replace(op.settings, version=current.version + 1)
        return self.settings[op.aor]

    @apply.register
    def _(self, _: ListSettings) -> tuple[tuple[Aor, Settings], ...]:
        return tuple(sorted(self.settings.items()))

    @apply.register
    def _(self, op: UseOnce) -> bool:
        if op.name in self.used:
            return False
        self.used[op.name] = op.until
        return True
