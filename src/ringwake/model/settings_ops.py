"""Operations on what the owners of accounts have chosen, as values (docs/adr/0033-settings.md)."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.account import Aor
from ringwake.model.settings import Settings
from ringwake.model.store_ops import Op


@dataclass(frozen=True, slots=True)
class Outdated:
    """Somebody has changed the settings meanwhile: nothing was changed now."""

    current: Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class PutSettings(Op[Settings | Outdated]):
    """Keep the settings of an account, with the next version; returns them as they are kept."""

    aor: Aor
    settings: Settings
    """Its own version counts for nothing."""
    expected: int | None = None
    """The version that these were made from; None: whatever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListSettings(Op[tuple[tuple[Aor, Settings], ...]]):
    """Read the settings of all accounts that have any, by AOR."""
