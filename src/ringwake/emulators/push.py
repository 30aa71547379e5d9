"""A push that a service has accepted, on its way to a device."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """One push to one token."""

    provider: str
    service: str = ""
    app: str
    token: str
    """The device token, or the subscription's endpoint."""
    id: str
    kind: str
    """Push type, priority or urgency, for the journal."""
    fields: Mapping[str, object] = field(default_factory=dict)
    """What the phone is told besides (docs/reference/inbox.md)."""
    expires_at: float = 0.0
    """Wall clock until when it is stored for a device that is away; 0: not at all."""
    slot: str = ""
    """A later push with the same slot replaces it while it is stored; empty: none does."""

    def message(self, seq: int, *, again: bool) -> dict[str, object]:
        """Return the inbox' message."""
        names = {"provider": self.provider, "service": self.service, "app": self.app, "id": self.id}
        return {"op": "push", "seq": seq, "again": again, **names, **self.fields}
