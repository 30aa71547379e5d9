"""Operations on the store for the life of a push token: what its provider calls dead is forgotten, or put back."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.binding import Binding
from ringwake.model.push import Service
from ringwake.model.store_ops import Op
from ringwake.model.upload import Upload


@dataclass(frozen=True, slots=True, kw_only=True)
class Forgotten:
    """What a token was taken from, as it was before."""

    digest: str
    bindings: tuple[Binding, ...] = ()
    uploads: tuple[Upload, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetToken(Op[Forgotten]):
    """Compare and clear: the provider said that the token is dead. Bindings registered after `dead_at` keep it."""

    digest: str
    dead_at: float
    """Epoch seconds."""
    is_timed: bool = False
    """Whether the provider named that time (APNs 410). Then a binding keeps the token also if it was uploaded later."""
    service: Service = Service.ONLY
    """For which of Apple's two it was pushed to: who has it for the other is not spoken of. `ONLY`: for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestoreTokens(Op[tuple[Binding, ...]]):
    """Put back what was taken: where nothing has come since, neither a REGISTER nor another token.

    Returns the bindings that have their token again.
    """

    forgotten: tuple[Forgotten, ...]
    """In the order in which it was taken; the latest goes back first."""
