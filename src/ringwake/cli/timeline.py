"""Drawing a timeline for a person: when, what, details, in columns."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from ringwake.cli.plain import plain

LEAST_ROOM = 20
"""Columns that details get however narrow the terminal is."""


def draw(rows: Sequence[tuple[float, str, str]], *, columns: int) -> str:
    """Return lines of (milliseconds, what, details) for a terminal of that many columns."""
    width = max((len(what) for _, what, _ in rows), default=0)
    lines: list[str] = []
    for at, what, more in rows:
        head = f"  {at:>10,.1f} ms  {what.replace('_', ' '):<{width}}  "
        room = max(columns - len(head), LEAST_ROOM)
        details = wrap(plain(more), room, break_long_words=False, break_on_hyphens=False) or [""]
        lines += [f"{head}{details[0]}".rstrip(), *(f"{'':{len(head)}}{detail}" for detail in details[1:])]
    return "\n".join(lines)
