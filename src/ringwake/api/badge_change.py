"""The number on the icons when somebody switches it on or off: it appears or goes away on the phones it is for."""

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
    if tell is None:
        return
    account = backend.directory.account(aor) or Account.guest(aor, aor.rpartition("@")[2])
    if (off := only(before, after)) is not None:
        tell(replace(account, settings=off), 0, "")
    if (on := only(after, before)) is None:
        return
    try:
        # Nothing came before the epoch: this only counts.
        _, unread = await backend.store.do(MarkRead(aor=aor, until=0.0))
    except StoreError:
        return  # the settings are kept, and the next push brings the number
    tell(replace(account, settings=on), unread, "")


def only(these: Settings, others: Settings) -> Settings | None:
    """Return settings by which only the phones have the number that have it by `these`, not by `others`; None: none."""

    def has(handset: str) -> bool:
        return _counts(these, handset) and not _counts(others, handset)

    names = sorted({device.device for settings in (these, others) for device in settings.devices})
    if not any(map(has, (_ANY, *names))):
        return None
    return Settings(
        notifications=Notifications(badge=has(_ANY)),
        devices=tuple(DeviceSettings(device=one, notifications=OwnNotifications(badge=has(one))) for one in names),
    )


def _counts(settings: Settings, handset: str) -> bool:
    wanted = settings.notifications_of(handset)
    return wanted.allowed and wanted.badge
