"""When a connector dials again."""

from __future__ import annotations

FIRST_SECONDS, MOST_SECONDS = 0.5, 4.0
"""No longer than an edge that is back waits for us before it tells phones that the PBX is away (5 s)."""
GOOD_SECONDS = 10.0
"""A link that broke so soon counts as a failure, or an edge that drops each would be dialled without a pause."""


def pause_after(failures: int, chance: float) -> float:
    """Return seconds until the next try: none after the first failure, then half a second doubling to four.

    Args:
        failures: in a row; 1 for a link that was good and broke.
        chance: from 0 to 1; takes off up to half, so that connectors of one edge do not all come at once.
    """
    if failures <= 1:
        return 0.0
    longest = min(MOST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures - 2, 30))
    return longest * (1.0 - chance / 2)
