"""What a provider's word that a token is dead does to it (design.md section 4): compare, then clear."""

from __future__ import annotations

from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Persist
from ringwake.model.push import Kind, Unregistered
from ringwake.model.store_ops import ForgetToken


def forget(binding: Binding, kind: Kind, outcome: Unregistered) -> Effects:
    """Forget the token that a push of this kind went to, unless it was registered again since.

    Args:
        binding: as it was when the push went out: the provider speaks of that token and that registration.
        kind: of the push.
        outcome: what the provider said; without a time of its own, it was dead when it was registered.
    """
    vehicle = binding.push.vehicle(kind) if binding.push else None
    if vehicle is None:
        return NOTHING
    dead_at = binding.registered_at if outcome.at is None else outcome.at
    return (Persist(ForgetToken(digest=vehicle[1].digest, dead_at=dead_at)),)
