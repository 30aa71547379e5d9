"""The list of calls and messages as data: its rows, and which of them were not looked at."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Any

from ringwake.cli.plain import plain

_WORDS = {"no_answer": "missed", "cancelled": "missed", "no_wake": "missed", "error": "missed"}
_IN = "message"
_OUT = {"sent": "sent", "delivered": "sent", "waiting": "sending"}
_OUTCOME_COLUMNS = 9


@dataclass(frozen=True, slots=True)
class PastRow:
    """One call or message."""

    id: str
    text: str
    is_unread: bool


def past_rows(entries: Sequence[Any], zone: tzinfo | None = None) -> list[PastRow]:
    """Return the rows, in the order of the entries; what is no entry is left out.

    Args:
        entries: as the phone API lists them (docs/reference/history.md).
        zone: in which to tell the time; None: the system's.
    """
    return [_row(entry, zone) for entry in entries if isinstance(entry, dict)]


def _row(entry: dict[str, Any], zone: tzinfo | None) -> PastRow:
    is_unread = entry.get("unread") is True
    who = plain(str(entry.get("name") or entry.get("uri") or "unknown"))
    mark = "●" if is_unread else " "
    text = f"{mark} {_when(entry.get('at'), zone):<12} {_outcome(entry):<{_OUTCOME_COLUMNS}} {who}"
    return PastRow(str(entry.get("id", "")), text, is_unread)


def _outcome(entry: dict[str, Any]) -> str:
    outcome = str(entry.get("outcome", "?"))
    if entry.get("kind") != "message":
        return plain(_WORDS.get(outcome, outcome))
    return _OUT.get(outcome, "not sent") if entry.get("direction") == "out" else _IN


def _when(at: object, zone: tzinfo | None) -> str:
    try:
        moment = datetime.fromtimestamp(at, UTC) if isinstance(at, (int, float)) else None
    except (OverflowError, ValueError, OSError):
        moment = None
    return f"{moment.astimezone(zone):%d %b %H:%M}" if moment else "?"
