"""What the operating system gives: chance and the time."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections.abc import Callable
from datetime import UTC, tzinfo
from functools import lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

ZONES = 600
"""As many as the IANA database has names."""


class SystemIds:
    """Identifiers from the system's source of chance."""

    def hex(self, digits: int) -> str:
        """Return that many unpredictable lower-case hex digits."""
        return secrets.token_hex((digits + 1) // 2)[:digits]


def wall_now() -> float:
    """Return epoch seconds."""
    return time.time()


@lru_cache(maxsize=ZONES)
def zone_of(name: str) -> tzinfo:
    """Return a time zone by its name in the IANA database; UTC where there is none of that name.

    Read from disk once: a call must not wait for that.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def wall_of(loop: asyncio.AbstractEventLoop) -> Callable[[float], float]:
    """Return the mapping from the loop's time to epoch seconds; it follows the wall clock when that is set."""
    return lambda now: now + time.time() - loop.time()
