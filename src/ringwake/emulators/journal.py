"""What the emulators took, refused and delivered, in order: the lab's memory, bounded.

A token never stands in it, only its first eight hexadecimal digits of SHA-256.
"""

from collections import deque
from collections.abc import Callable
from hashlib import sha256
from itertools import dropwhile, islice

import msgspec

KEPT = 10_000


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that happened."""

    serial: int
    """Rises by one with each entry."""
    at: float
    """Monotonic seconds."""
    service: str
    """apns, fcm, oauth, webpush or inbox."""
    event: str
    """accepted, refused, stored, replaced, delivered, dropped, expired, undecryptable, acknowledged ..."""
    reason: str = ""
    """Why: the service's own word where it has one."""
    detail: str = ""
    """What exactly was wrong, in words of ours; never a value from the request."""
    token: str = ""
    """hash8 of the device token or endpoint."""
    id: str = ""
    """The push's id."""
    kind: str = ""
    """apns: push type; fcm: priority; webpush: urgency; inbox: device."""
    status: int = 0
    """HTTP status, where there was an answer."""


def hash8(token: str) -> str:
    """Return what may be shown of a token."""
    return sha256(token.encode("utf-8", "surrogateescape")).hexdigest()[:8]


class Journal:
    """The newest entries. `hook`, if set, is called with each new one at once."""

    def __init__(self, monotonic: Callable[[], float], *, kept: int = KEPT) -> None:
        self._monotonic = monotonic
        self._entries: deque[Entry] = deque(maxlen=kept)
        self._serial = 0
        self.hook: Callable[[Entry], None] | None = None

    def note(self, service: str, event: str, **about: str | int) -> Entry:
        """Add an entry; `about` are the fields of `Entry` from `reason` on."""
        self._serial += 1
        fields = {"serial": self._serial, "at": self._monotonic(), "service": service, "event": event, **about}
        entry = msgspec.convert(fields, Entry)
        self._entries.append(entry)
        if self.hook is not None:
            self.hook(entry)
        return entry

    @property
    def entries(self) -> tuple[Entry, ...]:
        """All that is kept, oldest first."""
        return tuple(self._entries)

    @property
    def last(self) -> int:
        """Serial of the newest entry; 0 if there was none."""
        return self._serial

    def after(self, serial: int, most: int) -> list[Entry]:
        """Return the oldest entries with a higher serial, at most so many."""
        return list(islice(dropwhile(lambda entry: entry.serial <= serial, self._entries), most))
