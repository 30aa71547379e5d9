"""A SIP MESSAGE that waits for phones (RFC 3428 section 7)."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.account import Aor


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMessage:
    """Kept from before its 202 until each phone has it or it expires."""

    id: str
    trace: str
    aor: Aor
    message: bytes
    """The MESSAGE as received."""
    received_at: float
    """Epoch seconds."""
    expires_at: float
    """Epoch seconds."""
    waiting: tuple[str, ...] = ()
    """Phones (`Binding.phone`) that are to have it. Empty: the first that registers."""
    entry: str = ""
    """Id of its entry in the history, where a PBX has sent one message to each phone by itself; empty: its own."""

    @property
    def listed_as(self) -> str:
        """Id of its entry in the history."""
        return self.entry or self.id
