"""What the app is doing, and what it tells whoever watches it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Any


class AppState(Enum):
    """Life of the app."""

    OFF = "off"
    AWAKE = "awake"
    ASLEEP = "asleep"
    TERMINATED = "terminated"


@dataclass(frozen=True, slots=True)
class PhoneNote:
    """Something that happened on the phone, for whoever watches it."""

    at: float
    """The loop's time."""
    what: str
    fields: dict[str, Any] = field(default_factory=dict)
