"""Sealed tokens in Record-Route and Path: where a request goes on (RFC 5626 section 5.2, RFC 3327).

Nothing can be learned from a token, and none can be made up: a request that carries one comes from somebody who was
in the dialog, or from the registrar that was given the Path. It names the phone by its binding, so that a request finds
it after a reconnect and after a restart.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.ports import Seal
from ringwake.sip.flow import Flow

_PURPOSE, _PATH = "route", "path"


@dataclass(frozen=True, slots=True)
class FlowToken:
    """One side of a dialog."""

    flow: Flow
    """The flow it had when the dialog began."""
    binding: str = ""
    """Id of the phone's binding; empty for a peer, a PBX or an unregistered caller."""
    aor: str = ""
    """The binding's address of record; for a PBX, the domain of its tenant."""
    is_path: bool = False
    """Whether it stood in a Path: then a request outside a dialog may carry it, if it comes from the PBX."""
    shift: int = 0
    """How much higher the PBX counts CSeq than the phone does, since we have repeated its INVITE with credentials."""

    @property
    def tenant(self) -> str:
        """Domain of the tenant whose PBX this side is, or an empty text."""
        return "" if self.binding or self.is_path else self.aor

    def seal(self, seal: Seal) -> str:
        """Write the token as text for the user part of a URI."""
        purpose = _PATH if self.is_path else _PURPOSE
        shift = f"+{self.shift}" if self.shift else ""
        text = f"{self.binding}{shift} {self.flow.encode()} {self.aor}"
        return seal.seal(purpose, text.encode("utf-8", "surrogateescape"))

    @classmethod
    def open(cls, seal: Seal, text: str) -> FlowToken | None:
        """Read a token; None when we did not write it."""
        payload, is_path = seal.open(_PURPOSE, text), False
        if payload is None:
            payload, is_path = seal.open(_PATH, text), True
        if payload is None:
            return None
        binding, flow, aor = payload.decode("utf-8", "surrogateescape").split(" ", 2)
        binding, _, shift = binding.partition("+")
        return cls(Flow.decode(flow), binding, aor, is_path, int(shift or 0))
