"""What the API works with to speak of push services."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ringwake.model.app import AppKey
from ringwake.model.binding import Binding
from ringwake.model.check import Check
from ringwake.observe.push_news import Tally
from ringwake.wake.push_result import PushResult


@dataclass(frozen=True, slots=True, kw_only=True)
class AppStands:
    """How an application stands."""

    key: AppKey
    tenant: str
    credentials: str
    """`ok`, `broken` (the files cannot be used, and older ones are) or `waiting` (for a restart)."""
    problem: str
    """What is wrong with the files, or what a restart would change; or empty."""
    expires_at: float | None
    """Epoch seconds of the end of a client certificate."""
    circuit: str
    """`closed`, `half_open` or `open`."""
    pushes: Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class PushDesk:
    """The push side of the server."""

    checks: Callable[[], Awaitable[list[Check]]]
    """Looks at credentials, services, circuits, tokens and certificates."""
    apps: Callable[[], list[AppStands]]
    try_out: Callable[[AppKey], Awaitable[Check]]
    """Asks a service whether it takes our credentials."""
    test: Callable[[Binding, float], Awaitable[PushResult]]
    """Pushes to a phone and waits so many seconds for it; raises `UntestableError`."""
