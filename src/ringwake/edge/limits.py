"""How often an address may get its credentials wrong."""

from __future__ import annotations

from collections import OrderedDict
from ipaddress import IPv6Address

FAILURES = 20
WINDOW_SECONDS = 60.0
_MOST_ADDRESSES = 50_000


class FailureLimit:
    """Counts failures per address in windows. IPv6 counts by /64, which one subscriber has all of."""

    def __init__(self, *, failures: int = FAILURES, window: float = WINDOW_SECONDS) -> None:
        self._failures = failures
        self._window = window
        self._counts: OrderedDict[str, tuple[float, int]] = OrderedDict()

    def failed(self, host: str, now: float) -> None:
        """Count a failure."""
        key = _prefix(host)
        until, count = self._counts.pop(key, (0.0, 0))
        if until <= now:
            until, count = now + self._window, 0
        self._counts[key] = (until, count + 1)
        if len(self._counts) > _MOST_ADDRESSES:
            self._counts.popitem(last=False)

    def blocked_for(self, host: str, now: float) -> float:
        """Return how many seconds an address is to be turned away; 0 when it is welcome."""
        until, count = self._counts.get(_prefix(host), (0.0, 0))
        return until - now if count >= self._failures and until > now else 0.0


def _prefix(host: str) -> str:
    if ":" not in host:
        return host
    try:
        address = IPv6Address(host.partition("%")[0])
    except ValueError:
        return host
    return str(address.ipv4_mapped) if address.ipv4_mapped else address.packed[:8].hex()
