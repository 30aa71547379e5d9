"""Settings as JSON: there and back, and a phone's name however it is written."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.api.settings_shape import (
    DAYS,
    SettingsForm,
    handset_of,
    minutes_of,
    settings_of,
    shown_handset,
    shown_settings,
)
from ringwake.model.call_settings import CallSettings, Forwards, QuietHours
from ringwake.model.settings import (
    UNCHOSEN,
    AlertStyle,
    DeviceSettings,
    Notifications,
    OwnNotifications,
    Settings,
)

REFERENCE = Path(__file__).parents[2] / "docs/reference/settings.md"
URN = "urn:uuid:00000000-0000-1000-8000-aabbccddeeff"
WORDS = st.text(max_size=8)
SECONDS = st.floats(5, 100)
STYLES, FLAGS = st.sampled_from(AlertStyle), st.booleans()
SHOWN = {"allowed": FLAGS, "style": STYLES, "sound": FLAGS, "tone": WORDS, "is_critical": FLAGS, "badge": FLAGS}
SHOWN |= {"preview": FLAGS, "language": WORDS}
OWN = {name: st.none() | values for name, values in SHOWN.items()}
MINUTES = st.integers(0, 24 * 60 - 1)
WEEKDAYS = st.sets(st.integers(0, 6), min_size=1).map(lambda days: tuple(sorted(days)))
HOURS = st.builds(QuietHours, days=WEEKDAYS, begin=MINUTES, end=MINUTES)
CALLS = st.builds(
    CallSettings,
    do_not_disturb=FLAGS,
    quiet_hours=st.lists(HOURS, max_size=3).map(tuple),
    time_zone=WORDS,
    allow=st.lists(WORDS, max_size=3).map(tuple),
    only_allowed=FLAGS,
    block=st.lists(WORDS, max_size=3).map(tuple),
    reject_anonymous=FLAGS,
    in_order=FLAGS,
    next_after=SECONDS,
    no_answer=st.none() | SECONDS,
    forward=st.builds(Forwards, always=WORDS, busy=WORDS, no_answer=WORDS, unreachable=WORDS),
    tell_missed=FLAGS,
)
HANDSETS = st.sampled_from(["0a1b2c", f"<{URN}>", "<urn:Example:Kitchen>", "<kitchen>", "<URN:x:y>", "urn", "x>"])


@st.composite
def devices(draw: st.DrawFn) -> tuple[DeviceSettings, ...]:
    names = draw(st.sets(HANDSETS, max_size=3))
    own = st.builds(OwnNotifications, **OWN)
    rest = {"name": WORDS, "notifications": own, "accepts_calls": FLAGS, "ring_after": SECONDS}
    made = [draw(st.builds(DeviceSettings, device=st.just(name), **rest)) for name in names]
    return tuple(sorted(made, key=lambda device: shown_handset(device.device)))


@given(st.builds(Settings, notifications=st.builds(Notifications, **SHOWN), calls=CALLS, devices=devices()))
def test_settings_are_the_same_after_the_way_through_json(settings: Settings) -> None:
    written = json.loads(json.dumps(shown_settings(settings)))
    assert settings_of(msgspec.convert(written, SettingsForm)) == settings


def test_who_has_chosen_nothing_has_the_defaults() -> None:
    assert settings_of(msgspec.convert({}, SettingsForm)) == UNCHOSEN


def test_the_reference_shows_every_member_and_what_it_shows_is_taken() -> None:
    example = json.loads(REFERENCE.read_text().partition("```json\n")[2].partition("```")[0])
    settings = settings_of(msgspec.convert(example, SettingsForm))
    assert shown_settings(settings) == example
    assert settings.calls.quiet_hours == (QuietHours(days=(0, 1, 2, 3, 4), begin=22 * 60, end=7 * 60),)
    (device,) = settings.devices
    assert (device.device, device.notifications) == (f"<{URN}>", OwnNotifications(sound=False))


def test_days_are_those_of_the_week_in_order_whatever_order_they_came_in() -> None:
    form = msgspec.convert(
        {"calls": {"quiet_hours": [{"begin": "00:00", "end": "23:59", "days": ["sun", "mon"]}]}}, SettingsForm
    )
    assert settings_of(form).calls.quiet_hours == (QuietHours(days=(0, 6), begin=0, end=24 * 60 - 1),)
    assert len(DAYS) == 7


@pytest.mark.parametrize(
    ("handset", "shown"),
    [
        (f"<{URN}>", URN),
        ("<urn:Example:Kitchen>", "urn:Example:Kitchen"),
        ("<kitchen>", "<kitchen>"),
        ("0a1b2c3d", "0a1b2c3d"),
    ],
)
def test_a_urn_is_shown_without_its_angle_brackets_and_understood_with_and_without(handset: str, shown: str) -> None:
    assert shown_handset(handset) == shown
    assert handset_of(shown) == handset_of(handset) == handset


def test_uuids_compare_without_case_as_in_a_contact() -> None:
    assert handset_of(URN.upper()) == handset_of(f"<{URN.upper()}>") == f"<{URN}>"


@pytest.mark.parametrize(
    "text", ["", "7", "7:00", "24:00", "12:60", "12.30", "12:30:00", "-1:00", "12:3x", "\u0661\u0662:30"]
)
def test_what_is_no_time_of_the_day_is_told_apart(text: str) -> None:
    with pytest.raises(ValueError, match="no time of the day"):
        minutes_of(text)
