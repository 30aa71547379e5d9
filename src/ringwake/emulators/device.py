"""One device: its registrations, its connection if it is there, and its pushes from delivery to acknowledgement."""

from dataclasses import dataclass
from hashlib import sha256
from hmac import compare_digest
from typing import Protocol

from ringwake.emulators.push import Push
from ringwake.emulators.storage import Storage
from ringwake.emulators.subscription import Subscription

MOST_REGISTRATIONS = 32
PRODUCTION, SANDBOX = "production", "sandbox"
"""Apple's environments: tokens of one mean nothing in the other."""
ATTACHED_ELSEWHERE = 4001


class Link(Protocol):
    """A device's connection."""

    def send(self, message: dict[str, object]) -> None:
        """Send, or queue for sending."""
        ...

    def end(self, code: int, reason: str) -> None:
        """Close."""
        ...


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Registration:
    """An app on a device, with the tokens that name it to its push service."""

    device: "Device"
    provider: str
    app: str
    team: str = ""
    """APNs: whose app it is."""
    environment: str = PRODUCTION
    """APNs: `sandbox` for an app that is run from Xcode."""
    tokens: dict[str, str]
    """By service: voip and remote, or one under the empty name."""
    subscription: Subscription | None = None

    def service_of(self, token: str) -> str:
        """Return the service that a token is for."""
        return next(service for service, known in self.tokens.items() if known == token)


class Device:
    """A device, attached or away."""

    def __init__(self, name: str, secret: str) -> None:
        self.name = name
        self._secret = sha256(secret.encode()).digest()
        self.registrations: dict[tuple[str, str], Registration] = {}
        """By provider and app."""
        self.stored = Storage()
        self.overflowed: set[str] = set()
        """Apps for which FCM has discarded all that it had stored; the device is told at its next attach."""
        self.on_its_way = 0
        """Pushes that a delay holds back."""
        self._unacknowledged: dict[int, Push] = {}
        self._seq = 0
        self._link: Link | None = None

    def knows(self, secret: str) -> bool:
        """Tell whether this is the device's secret."""
        return compare_digest(self._secret, sha256(secret.encode()).digest())

    @property
    def is_attached(self) -> bool:
        """The phone is there."""
        return self._link is not None

    @property
    def unacknowledged(self) -> int:
        """How many pushes were sent and not acknowledged."""
        return len(self._unacknowledged)

    @property
    def load(self) -> int:
        """How many pushes we hold for it."""
        return len(self._unacknowledged) + len(self.stored) + self.on_its_way

    def attach(self, link: Link) -> None:
        """Send to this connection from now on; first what an earlier one left unacknowledged."""
        if self._link is not None:
            self._link.end(ATTACHED_ELSEWHERE, "attached elsewhere")
        self._link = link
        for seq, push in self._unacknowledged.items():
            link.send(push.message(seq, again=True))

    def detach(self, link: Link) -> bool:
        """Take note that a connection is gone; False if another has taken over already."""
        if self._link is not link:
            return False
        self._link = None
        return True

    def deliver(self, push: Push) -> int:
        """Send a push to the phone that is there; return its number."""
        assert self._link is not None
        self._seq += 1
        self._unacknowledged[self._seq] = push
        self._link.send(push.message(self._seq, again=False))
        return self._seq

    def acknowledge(self, seq: int) -> Push | None:
        """Take note that the phone has a push for good."""
        return self._unacknowledged.pop(seq, None)

    def has(self, token: str) -> bool:
        """Tell whether a token is one of this device's."""
        return any(token in entry.tokens.values() for entry in self.registrations.values())

    def forget(self, tokens: set[str]) -> list[Push]:
        """Discard all that waits for these tokens."""
        seqs = [seq for seq, push in self._unacknowledged.items() if push.token in tokens]
        return [self._unacknowledged.pop(seq) for seq in seqs] + self.stored.forget(tokens)
