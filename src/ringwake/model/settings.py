"""What the owner of an account wants to see and hear, and which calls are to reach which of the phones.

The person changes it on any phone or through the operator; it is kept apart from the account (`model.settings_ops`),
since accounts of the configuration file and of a PBX have it, too.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from enum import StrEnum

from ringwake.model.call_settings import CallSettings


class AlertStyle(StrEnum):
    """How a notification looks."""

    NONE = "none"
    BANNER = "banner"
    """Goes by itself."""
    ALERT = "alert"
    """Stays until somebody acts on it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notifications:
    """What a phone shows, sounds and counts."""

    allowed: bool = True
    """False: the phone is woken, and nothing is to be seen, heard or counted."""
    style: AlertStyle = AlertStyle.ALERT
    sound: bool = True
    tone: str = ""
    """Name of the ringtone in the app; empty: the application's, or `default`."""
    is_critical: bool = False
    """Sound also where the phone is muted, if Apple has allowed that to the app."""
    badge: bool = True
    """Count missed calls and unread messages on the app's icon."""
    preview: bool = True
    """Say who calls or writes."""
    language: str = ""
    """Of our own texts, as in RFC 5646; empty: English."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnNotifications:
    """What one phone wants otherwise than the account; None: the same."""

    allowed: bool | None = None
    style: AlertStyle | None = None
    sound: bool | None = None
    tone: str | None = None
    is_critical: bool | None = None
    badge: bool | None = None
    preview: bool | None = None
    language: str | None = None

    def over(self, account: Notifications) -> Notifications:
        """Return the account's with what is the phone's own in its place."""
        own = {one.name: getattr(self, one.name) for one in fields(self) if getattr(self, one.name) is not None}
        return replace(account, **own) if own else account


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSettings:
    """What is set for one phone of an account."""

    device: str
    """`Binding.handset`."""
    name: str = ""
    """What the person calls it."""
    notifications: OwnNotifications = OwnNotifications()
    accepts_calls: bool = True
    """False: calls do not reach this phone, which still gets messages."""
    ring_after: float = 0.0
    """Seconds after the first phones when this one begins to ring, unless a call was answered by then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """All that the owner of one account has chosen."""

    notifications: Notifications = Notifications()
    calls: CallSettings = field(default_factory=CallSettings)
    devices: tuple[DeviceSettings, ...] = ()
    version: int = 0
    """Rises with each change, so that two phones do not undo each other's."""

    def device(self, handset: str) -> DeviceSettings:
        """Return what is set for a phone, named by its `Binding.handset`."""
        return next((one for one in self.devices if one.device == handset), DeviceSettings(device=handset))

    def notifications_of(self, handset: str) -> Notifications:
        """Return what one phone is to show, sound and count."""
        return self.device(handset).notifications.over(self.notifications)


UNCHOSEN = Settings()
"""Of an account whose owner has chosen nothing."""
