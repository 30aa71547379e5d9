"""Sealed tokens in Record-Route: where a request inside the dialog goes on (RFC 5626 section 5.2).

Nothing can be learned from a token, and none can be made up: a request that carries one comes from somebody who was
in the dialog. It names the phone by its binding, so that a BYE finds it after a reconnect and after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.ports import Seal
from ringwake.sip.flow import Flow

_PURPOSE = "route"


@dataclass(frozen=True, slots=True)
class FlowToken:
    """One side of a dialog."""

    flow: Flow
    """The flow it had when the dialog began."""
    binding: str = ""
    """Id of the phone's binding; empty for a peer or an unregistered caller."""
    aor: str = ""
    """The binding's address of record."""

    def seal(self, seal: Seal) -> str:
        """Write the token as text for the user part of a Record-Route URI."""
        return seal.seal(_PURPOSE, f"{self.binding} {self.flow.encode()} {self.aor}".encode("utf-8", "surrogateescape"))

    @classmethod
    def open(cls, seal: Seal, text: str) -> FlowToken | None:
        """Read a token; None when we did not write it."""
        payload = seal.open(_PURPOSE, text)
        if payload is None:
            return None
        binding, flow, aor = payload.decode("utf-8", "surrogateescape").split(" ", 2)
        return cls(Flow.decode(flow), binding, aor)
