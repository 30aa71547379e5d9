"""Claims about screening: which rule wins, what the caller hears, and when it may try again."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from ringwake.model.call_settings import CallSettings, QuietHours
from ringwake.model.history import Outcome
from ringwake.model.settings import DeviceSettings, Notifications, OwnNotifications, Settings
from ringwake.sip.address import parse_address
from ringwake.wake.caller_pattern import name_of
from ringwake.wake.screening import Screened, hushed, screen
from ringwake.wake.who_calls import ANONYMOUS, WhoCalls

NOON = datetime(2027, 6, 9, 12, tzinfo=UTC).timestamp()
BOSS = name_of(parse_address("<sip:boss@example.com>"))
NUMBER = name_of(parse_address("tel:+4930123456"))
ALWAYS = QuietHours(begin=0, end=0)
LUNCH = QuietHours(begin=12 * 60, end=13 * 60)
CALLER = WhoCalls(names=(BOSS,), proved=(BOSS,))
NOBODY = WhoCalls(names=(ANONYMOUS,), proved=(ANONYMOUS,), is_anonymous=True)


def zone(name: str) -> tzinfo:
    return ZoneInfo(name)


def screened(caller: WhoCalls = CALLER, *, wall: float = NOON, **wishes: Any) -> Screened | None:
    return screen(caller, CallSettings(**wishes), zone=zone, wall=wall)


def said(found: Screened | None) -> tuple[int, Outcome] | None:
    return None if found is None else (found.status, found.outcome)


ANONYMITY = (433, Outcome.BLOCKED)
DECLINED = (603, Outcome.BLOCKED)
SILENCED = (480, Outcome.SILENCED)


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, None),
        ({"do_not_disturb": True}, SILENCED),
        ({"quiet_hours": (LUNCH,)}, SILENCED),
        ({"block": ("boss@example.com",)}, DECLINED),
        ({"block": ("bob@example.com",)}, None),
        ({"only_allowed": True}, DECLINED),
        ({"only_allowed": True, "allow": ("bob@example.com",)}, DECLINED),
        ({"reject_anonymous": True}, None),
        # Who is allowed may call at any time.
        ({"allow": ("*@example.com",), "do_not_disturb": True}, None),
        ({"allow": ("*@example.com",), "quiet_hours": (ALWAYS,)}, None),
        ({"allow": ("*@example.com",), "block": ("*",)}, None),
        ({"allow": ("*@example.com",), "only_allowed": True}, None),
        # Not wanted at all says more than not now: nothing is pushed for it.
        ({"block": ("*",), "do_not_disturb": True}, DECLINED),
        ({"only_allowed": True, "do_not_disturb": True}, DECLINED),
    ],
)
def test_the_first_rule_that_fits_decides(wishes: dict[str, Any], expected: tuple[int, Outcome] | None) -> None:
    assert said(screened(**wishes)) == expected


@pytest.mark.parametrize(
    ("wishes", "expected"),
    [
        ({}, None),
        ({"reject_anonymous": True}, ANONYMITY),
        ({"reject_anonymous": True, "allow": ("*",)}, ANONYMITY),
        ({"block": ("+4930*",)}, None),
        ({"block": ("*",)}, DECLINED),
        ({"block": ("anonymous@*",)}, DECLINED),
        ({"allow": ("anonymous@*",), "do_not_disturb": True}, None),
        ({"do_not_disturb": True}, SILENCED),
    ],
)
def test_a_caller_that_hides_is_anonymous_and_nobody_else(
    wishes: dict[str, Any], expected: tuple[int, Outcome] | None
) -> None:
    assert said(screened(NOBODY, **wishes)) == expected


def test_what_is_not_proved_speaks_against_a_caller_only() -> None:
    pretender = WhoCalls(names=(BOSS, NUMBER), proved=(NUMBER,))
    assert said(screened(pretender, allow=("boss@example.com",), do_not_disturb=True)) == SILENCED
    assert said(screened(pretender, block=("boss@example.com",))) == DECLINED
    assert said(screened(pretender, block=("+4930*",))) == DECLINED
    assert screened(pretender, allow=("+4930*",), do_not_disturb=True) is None


@pytest.mark.parametrize("wishes", [{"do_not_disturb": True}, {"block": ("*",)}, {"only_allowed": True}])
def test_an_emergency_centre_that_calls_back_always_gets_through(wishes: dict[str, Any]) -> None:
    centre = WhoCalls(names=(NUMBER,), proved=(NUMBER,), is_callback=True)
    assert screened(centre, **wishes) is None


@pytest.mark.parametrize(
    ("wishes", "wall", "retry_after"),
    [
        ({"quiet_hours": (LUNCH,)}, NOON, "3600"),
        ({"quiet_hours": (LUNCH,)}, NOON + 3599, "1"),
        ({"quiet_hours": (LUNCH,)}, NOON + 3599.5, "1"),  # never before phones ring again
        ({"quiet_hours": (LUNCH,), "time_zone": "Europe/Berlin"}, NOON - 7200, "3600"),
        ({"quiet_hours": (ALWAYS,)}, NOON, None),
        ({"do_not_disturb": True, "quiet_hours": (LUNCH,)}, NOON, None),
        ({"block": ("*",)}, NOON, None),
    ],
)
def test_the_caller_hears_when_to_try_again_if_that_is_known(
    wishes: dict[str, Any], wall: float, retry_after: str | None
) -> None:
    found = screened(wall=wall, **wishes)
    assert found is not None
    assert dict(found.headers).get("retry-after") == retry_after


def test_nobody_is_asked_for_a_time_zone_without_need() -> None:
    def never(name: str) -> tzinfo:
        raise AssertionError(name)

    assert screen(CALLER, CallSettings(), zone=never, wall=NOON) is None


def test_outside_the_quiet_hours_it_rings() -> None:
    assert screened(quiet_hours=(LUNCH,), wall=NOON + 3600) is None


def test_hushed_no_phone_makes_a_sound_and_shows_what_it_did() -> None:
    loud = Settings(
        notifications=Notifications(is_critical=True, tone="bell", preview=False),
        devices=(
            DeviceSettings(device="x", notifications=OwnNotifications(sound=True, is_critical=True, badge=False)),
        ),
        version=7,
    )
    quiet = hushed(loud)
    assert quiet.notifications == Notifications(sound=False, tone="bell", preview=False)
    assert quiet.notifications_of("x") == Notifications(sound=False, tone="bell", preview=False, badge=False)
    assert quiet.calls == loud.calls
