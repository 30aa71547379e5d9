"""SIP messages that are on their way through a tunnel, and those that wait until there is a way."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from ringwake.net.tunnel_frames import TunnelError
from ringwake.sip.flow import Flow, Transport

KEEP_SECONDS = 32.0
"""How long a message may wait: 64*T1, then its transaction is over (RFC 3261 section 17.1.1.2)."""
MAX_WAITING = 1000
"""Messages that may wait; more are dropped, as the network would."""
SLOW_SECONDS = 2.0
"""A link that has not taken a message by then is used no more while there is a better one."""


class Parcel(NamedTuple):
    """A message, and until when it is worth anything."""

    flow: Flow
    octets: bytes
    until: float


class Outbox:
    """What was sent down one link and may be lost with it: all that the other side has not yet said that it took."""

    def __init__(self) -> None:
        self._sent: deque[tuple[Parcel, float]] = deque()
        self._taken = 0

    def __len__(self) -> int:
        return len(self._sent)

    def put(self, parcel: Parcel, now: float) -> None:
        """Take note of a message that was sent."""
        self._sent.append((parcel, now))

    def taken(self, count: int) -> None:
        """Forget what the other side took.

        Args:
            count: of messages, since the link stands.

        Raises:
            TunnelError: so many were never sent, or fewer than it said before.
        """
        if not 0 <= count - self._taken <= len(self._sent):
            raise TunnelError("more was taken than was sent, or less than before")
        for _ in range(count - self._taken):
            self._sent.popleft()
        self._taken = count

    def is_slow(self, now: float) -> bool:
        """Tell whether the other side lets a message lie."""
        return bool(self._sent) and now - self._sent[0][1] > SLOW_SECONDS

    def left(self) -> list[Parcel]:
        """Return what was not taken, oldest first."""
        return [parcel for parcel, _ in self._sent]


class Waiting:
    """Messages that nobody can carry now. One that is sent again meanwhile waits once."""

    def __init__(self) -> None:
        self._until: dict[tuple[Flow, bytes], float] = {}

    def put(self, parcel: Parcel) -> bool:
        """Keep a message; False when there is no room."""
        key = (parcel.flow, parcel.octets)
        if key not in self._until and len(self._until) >= MAX_WAITING:
            return False
        self._until.setdefault(key, parcel.until)
        return True

    def take(self, now: float) -> list[Parcel]:
        """Give out all that is still worth anything, in the order in which it came."""
        until, self._until = self._until, {}
        return [Parcel(flow, octets, end) for (flow, octets), end in until.items() if end > now]

    def forget(self, kind: Transport) -> None:
        """Drop all that goes by one transport."""
        self._until = {key: end for key, end in self._until.items() if key[0].transport is not kind}
