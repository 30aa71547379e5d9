"""Our own words for pushes that no provider was asked about: they say nothing of it (docs/adr/0025-push-lanes.md)."""

from __future__ import annotations

from typing import Final

from ringwake.model.push import Outcome, Refused, Throttled

REPLACED: Final = "replaced"
"""A newer push of the same call to the same phone has taken its place in the line."""
GAVE_WAY: Final = "gave_way"
"""The line was full, and a push of more weight came."""
LINE_FULL: Final = "line_full"
LINE_SLOW: Final = "line_slow"
"""Its time was over before its turn came."""
CLOSED: Final = "closed"
UNKNOWN_APP: Final = "unknown application"
FAULT: Final = "fault"
"""Begins the reason of what went wrong in our own code."""
IN_LINE = frozenset({REPLACED, GAVE_WAY, LINE_FULL, LINE_SLOW})


def in_line(word: str) -> Throttled:
    """Return the outcome of a push that came no farther than the line: looked at again, for it woke nobody.

    Whether it is still needed then, the budget says: another's wake may have done for it, or the call be over.
    """
    return Throttled(word)


def is_ours(outcome: Outcome) -> bool:
    """Tell whether we alone have said so."""
    if isinstance(outcome, Refused) and outcome.is_unsent:
        return True
    reason = getattr(outcome, "reason", "")
    return reason in IN_LINE or reason in (CLOSED, UNKNOWN_APP) or reason.startswith(FAULT + ":")
