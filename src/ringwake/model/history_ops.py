"""Operations on the history of calls and messages, as values (docs/adr/0035-history.md)."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.account import Aor
from ringwake.model.history import Entry, EntryKind
from ringwake.model.store_ops import Op


@dataclass(frozen=True, slots=True)
class Log(Op[int]):
    """Add an entry, or replace the one with its id; returns how many of the account's are unread then."""

    entry: Entry


@dataclass(frozen=True, slots=True, kw_only=True)
class ListHistory(Op[tuple[Entry, ...]]):
    """Read the history of one account, or of all, newest first."""

    aor: Aor | None = None
    kind: EntryKind | None = None
    only_unread: bool = False
    only_missed: bool = False
    limit: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MarkRead(Op[tuple[int, int]]):
    """Mark entries as read; returns how many were unread and how many still are."""

    aor: Aor
    entries: tuple[str, ...] = ()
    """Their ids; empty: all that came until `until`."""
    until: float
    """Epoch seconds; later ones stay as they are."""
