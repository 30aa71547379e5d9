"""What may be done once only, as an operation on the store: signed URLs of notifications (docs/adr/0040-actions.md)."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.store_ops import Op


@dataclass(frozen=True, slots=True, kw_only=True)
class UseOnce(Op[bool]):
    """Use up a name; False when it was used before."""

    name: str
    until: float
    """Epoch seconds after which it need not be remembered: nobody can come with it any more."""
