"""What the owner of an account wants to see and hear when a call or message comes."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """Notification settings of one account."""

    alert: bool = True
    """Show an alert with the caller's name and Accept and Reject."""
    sound: str = "default"
    """Name of the ringtone in the app; empty for silence."""
    badge: bool = True
    """Count on the app's icon."""
