"""When an awake phone asks for a sign of life (RFC 5626 section 4.4), and when it tries again (section 4.5)."""

from __future__ import annotations

PONG_SECONDS = 10.0
"""A flow that has not answered a ping by then has failed (section 4.4.1)."""
ALL_FAILED_SECONDS = 30.0
"""Base of the pauses while no flow stands (section 4.5)."""
MOST_SECONDS = 1800.0
# Seconds, the shortest and the longest; each pause is drawn anew between them.
_MAINS, _BATTERY, _DATAGRAMS = (95.0, 120.0), (672.0, 840.0), (24.0, 29.0)


def ping_pause(*, flow_timer: int, is_reliable: bool, on_battery: bool, chance: float) -> float:
    """Return seconds until the next ping.

    Args:
        flow_timer: what the registrar wants, 0 for nothing.
        is_reliable: whether the flow is a connection. Over datagrams a NAT forgets within half a minute.
        on_battery: whether each ping costs more than a late one.
        chance: from 0 to 1.
    """
    if flow_timer:
        shortest, longest = 0.8 * flow_timer, float(flow_timer)
    elif is_reliable:
        shortest, longest = _BATTERY if on_battery else _MAINS
    else:
        shortest, longest = _DATAGRAMS
    return shortest + chance * (longest - shortest)


def retry_pause(failures: int, *, base: float, chance: float) -> float:
    """Return seconds until the next try after some failures in a row; the first one comes at once.

    Args:
        failures: to connect or register since the flow was good.
        base: configurable; `ALL_FAILED_SECONDS` by default.
        chance: from 0 to 1.
    """
    if not failures:
        return 0.0
    most = min(MOST_SECONDS, base * 2.0 ** min(failures, 30))
    return most * (0.5 + chance / 2)
