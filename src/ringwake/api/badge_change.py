"""The number on the icons when somebody switches it on or off: it appears, or goes away, on the phones that it is for."""

from __future__ import annotations

from dataclasses import replace

from ringwake.api.backend import Backend
from ringwake.model.account import Account, Aor
from ringwake.model.history_ops import MarkRead
from ringwake.model.ports import StoreError
from ringwake.model.settings import DeviceSettings, Notifications, OwnNotifications, Settings

_ANY = ""
"""Stands for each phone that has nothing of its own."""


async def follow_badges(backend: Backend, aor: Aor, before: Settings, after: Settings) -> None:
    """Tell the phones whose number was switched on or off by a change of settings."""
    tell = backend.desks.badge
    off, on = only(before, after), only(after, before)
    if tell is None or off == on:
        return
    account = backend.directory.account(aor) or Account.guest(aor, aor.rpartition("@")[2])
    tell(replace(account, settings=off), 0, "")
    try:
        # Nothing came before the epoch: this only counts.
        _, unread = await backend.store.do(MarkRead(aor=aor, until=0.0))
    except StoreError:
        return  # the settings are kept, and the next push brings the number
    tell(replace(account, settings=on), unread, "")


def only(these: Settings, others: Settings) -> Settings:
    """Return settings by which only those phones have the number that have it by `these` and not by `others`."""
    names = sorted({device.device for settings in (these, others) for device in settings.devices})

    def has(handset: str) -> bool:
        return _counts(these, handset) and not _counts(others, handset)

    return Settings(
        notifications=Notifications(badge=has(_ANY)),
        devices=tuple(DeviceSettings(device=one, notifications=OwnNotifications(badge=has(one))) for one in names),
    )


def _counts(settings: Settings, handset: str) -> bool:
    wanted = settings.notifications_of(handset)
    return wanted.allowed and wanted.badge
