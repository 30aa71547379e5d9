"""Retry-After (RFC 9110 section 10.2.3): seconds or a date, and only as much of it as can be meant."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime

LONGEST = 3600.0
"""No provider has a reason to ask for more; a wrong clock or a typing error has."""
_SECONDS = re.compile(r"[0-9]{1,10}")


def retry_after(headers: Mapping[str, str], *, wall: float) -> float | None:
    """Return the seconds to wait, from 0 to `LONGEST`, or None when none are named or they make no sense.

    Args:
        headers: of the answer.
        wall: epoch seconds now; a date is taken relative to the answer's own Date, if it has one.
    """
    text = headers.get("retry-after", "").strip()
    if _SECONDS.fullmatch(text):
        return min(float(text), LONGEST)
    at = epoch_seconds(text)
    if at is None:
        return None
    now = epoch_seconds(headers.get("date", ""))
    return min(max(0.0, at - (wall if now is None else now)), LONGEST)


def epoch_seconds(date: str) -> float | None:
    """Return the epoch seconds of an HTTP date, or None when it is none."""
    if not date or len(date) > 64:
        return None
    try:
        moment = parsedate_to_datetime(date)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, TypeError, OverflowError):
        return None
