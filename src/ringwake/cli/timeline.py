"""Drawing a timeline for a person: when, what, details, in columns."""

from __future__ import annotations

from collections.abc import Sequence


def draw(rows: Sequence[tuple[float, str, str]]) -> str:
    """Return lines of (milliseconds, what, details)."""
    width = max((len(what) for _, what, _ in rows), default=0)
    return "\n".join(
        f"  {at:>10,.1f} ms  {what.replace('_', ' '):<{width}}  {more}".rstrip() for at, what, more in rows
    )
