"""The number on the icons when it is switched on or off: exactly the phones that it is for are told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from tests.api.bed import EPOCH, STORED, Bed, in_bed
from tests.support.faulty_store import FaultyStore

from ringwake.api.badge_change import only
from ringwake.api.desks import Desks
from ringwake.model.account import Account, Aor
from ringwake.model.history import Entry, EntryKind, Outcome
from ringwake.model.history_ops import Log, MarkRead
from ringwake.model.settings import DeviceSettings, Notifications, OwnNotifications, Settings

PATH = f"/api/v1/accounts/{STORED}/settings"
KITCHEN, TABLET = "<urn:x:kitchen>", "<urn:x:tablet>"
MISSED = Entry(
    id="e1", trace="t1", aor=Aor(STORED), kind=EntryKind.CALL, outcome=Outcome.NO_ANSWER, at=EPOCH, ended_at=EPOCH
)


def settings(*, kitchen: bool | None = None, badge: bool = True, allowed: bool = True) -> Settings:
    own = DeviceSettings(device=KITCHEN, notifications=OwnNotifications(badge=kitchen))
    notifications = Notifications(badge=badge, allowed=allowed)
    return Settings(notifications=notifications, devices=(own,) if kitchen is not None else ())


def having(found: Settings | None) -> list[str]:
    """Return which phones have the number: the kitchen's, and all others."""
    if found is None:
        return []
    names = {"kitchen": KITCHEN, "others": TABLET}
    return [name for name, handset in names.items() if found.notifications_of(handset).badge]


@pytest.mark.parametrize(
    ("before", "after", "off"),
    [
        (settings(), settings(), []),
        (settings(), settings(badge=False), ["kitchen", "others"]),
        (settings(), settings(allowed=False), ["kitchen", "others"]),
        (settings(badge=False), settings(allowed=False), []),
        (settings(), settings(kitchen=False), ["kitchen"]),
        (settings(kitchen=False), settings(badge=False), ["others"]),
        (settings(), settings(badge=False, kitchen=True), ["others"]),
        (settings(kitchen=True, badge=False), settings(badge=False), ["kitchen"]),
        (settings(badge=False), settings(), []),
    ],
)
def test_those_are_meant_that_have_it_no_more(before: Settings, after: Settings, off: list[str]) -> None:
    assert having(only(before, after)) == off


async def told_of(bed: Bed, *patches: dict[str, Any]) -> list[tuple[list[str], int, str]]:
    """Make changes; return who is told which number."""
    told: list[tuple[list[str], int, str]] = []

    def badge(account: Account, unread: int, reader: str) -> None:
        assert account.aor == STORED
        told.append((having(account.settings), unread, reader))

    bed.backend = replace(bed.backend, desks=Desks(badge=badge))
    await bed.store.do(Log(MISSED))
    for patch in patches:
        assert (await bed.operator.ask("PATCH", PATH, patch)).status == 200
    return told


def test_a_number_that_is_switched_off_goes_away_and_comes_back_right() -> None:
    async def test(bed: Bed) -> None:
        told = await told_of(bed, {"notifications": {"badge": False}}, {"notifications": {"badge": True}})
        both = ["kitchen", "others"]
        assert told == [(both, 0, ""), (both, 1, "")]

    in_bed(test)


def test_only_the_phone_whose_number_it_is_is_told() -> None:
    async def test(bed: Bed) -> None:
        own = {"devices": {KITCHEN: {"notifications": {"badge": False}}}}
        assert await told_of(bed, own) == [(["kitchen"], 0, "")]

    in_bed(test)


def test_nobody_is_told_of_other_changes() -> None:
    async def test(bed: Bed) -> None:
        own = {"devices": {KITCHEN: {"name": "Kitchen", "notifications": {"badge": True}}}}
        assert await told_of(bed, {"notifications": {"sound": False}}, {"calls": {"do_not_disturb": True}}, own) == []

    in_bed(test)


def test_settings_are_kept_also_where_the_number_cannot_be_found_out() -> None:
    async def test(bed: Bed) -> None:
        assert isinstance(bed.store, FaultyStore)
        bed.store.broken = (MarkRead,)
        patches = {"notifications": {"badge": False}}, {"notifications": {"badge": True}}
        assert await told_of(bed, *patches) == [(["kitchen", "others"], 0, "")]
        assert bed.directory.settings(Aor(STORED)).version == 2

    in_bed(test, store=FaultyStore())
