"""Options of `ringwake account set`: the merge patch that each makes, and what is refused before anybody is asked."""

from __future__ import annotations

import argparse
from typing import Any

import pytest

from ringwake.api.settings_shape import CallsForm, DeviceForm, NotificationsForm, shown_settings
from ringwake.cli.failure import USAGE, CommandError
from ringwake.cli.settings_options import (
    CALLS,
    OWN,
    SHOWN,
    add_settings,
    check_options,
    has_settings,
    settings_patch,
)
from ringwake.model.call_settings import CallSettings
from ringwake.model.settings import UNCHOSEN, Settings

LISTED = Settings(calls=CallSettings(allow=("a@x",), block=("b@x", "c@x")))


def options(*arguments: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser(allow_abbrev=False)
    add_settings(parser)
    return parser.parse_args(arguments)


def patch(*arguments: str, settings: Settings = UNCHOSEN, device: str = "") -> dict[str, Any]:
    given = options(*arguments)
    check_options(given)
    assert has_settings(given)
    return settings_patch(given, shown_settings(settings), device)


def test_every_member_has_an_option() -> None:
    assert {choice.path[0] for choice in SHOWN} == set(NotificationsForm.__struct_fields__)
    calls = {choice.path[0] for choice in CALLS} | {"allow", "block", "quiet_hours"}
    assert calls == set(CallsForm.__struct_fields__)
    assert {choice.path[0] for choice in OWN} | {"notifications"} == set(DeviceForm.__struct_fields__)


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (("--notifications", "off"), {"notifications": {"allow": False}}),
        (("--style", "banner", "--sound", "on"), {"notifications": {"style": "banner", "sound": True}}),
        (("--badge", "default", "--tone", "default"), {"notifications": {"badge": None, "tone": None}}),
        (("--do-not-disturb", "on"), {"calls": {"do_not_disturb": True}}),
        (("--next-after", "12.5", "--no-answer", "30"), {"calls": {"next_after": 12.5, "no_answer": 30.0}}),
        (("--no-answer", "default"), {"calls": {"no_answer": None}}),
        (
            ("--forward-busy", "sip:b@x", "--forward-always", "off"),
            {"calls": {"forward": {"busy": "sip:b@x", "always": None}}},
        ),
        (("--sound", "off", "--in-order", "on"), {"notifications": {"sound": False}, "calls": {"in_order": True}}),
        (("--quiet-hours", "22:00-07:00"), {"calls": {"quiet_hours": [{"begin": "22:00", "end": "07:00"}]}}),
        (("--quiet-hours", "off"), {"calls": {"quiet_hours": []}}),
        (
            ("--quiet-hours", "mon-wed,SUN 22:00-07:00", "--quiet-hours", "sat-mon 12:00-13:00"),
            {
                "calls": {
                    "quiet_hours": [
                        {"days": ["mon", "tue", "wed", "sun"], "begin": "22:00", "end": "07:00"},
                        {"days": ["sat", "sun", "mon"], "begin": "12:00", "end": "13:00"},
                    ]
                }
            },
        ),
        (("--reset",), {"notifications": None, "calls": None, "devices": None}),
    ],
)
def test_options_make_a_merge_patch(arguments: tuple[str, ...], made: dict[str, Any]) -> None:
    assert patch(*arguments) == made


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (("--sound", "off"), {"notifications": {"sound": False}}),
        (("--style", "default"), {"notifications": {"style": None}}),
        (("--name", "Kitchen", "--accepts-calls", "off"), {"name": "Kitchen", "accepts_calls": False}),
        (("--ring-after", "10", "--badge", "on"), {"ring_after": 10.0, "notifications": {"badge": True}}),
        (("--reset",), None),
    ],
)
def test_with_a_device_the_options_are_those_of_a_phone(arguments: tuple[str, ...], made: dict[str, Any]) -> None:
    assert patch("--device", "d1", *arguments, device="urn:x:1") == {"devices": {"urn:x:1": made}}


@pytest.mark.parametrize(
    ("arguments", "made"),
    [
        (("--block", "d@x", "--block", "b@x"), {"block": ["b@x", "c@x", "d@x"]}),
        (("--unblock", "b@x"), {"block": ["c@x"]}),
        (("--unblock", "b@x", "--block", "d@x", "--allow", "e@x"), {"allow": ["a@x", "e@x"], "block": ["c@x", "d@x"]}),
        (("--unallow", "a@x"), {"allow": []}),
    ],
)
def test_lists_are_added_to_and_taken_from(arguments: tuple[str, ...], made: dict[str, Any]) -> None:
    assert patch(*arguments, settings=LISTED) == {"calls": made}


def test_who_is_not_on_a_list_cannot_leave_it() -> None:
    with pytest.raises(CommandError, match="z@x is not on the block list"):
        patch("--unblock", "z@x", settings=LISTED)


def test_no_option_is_no_wish() -> None:
    assert not has_settings(options())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--name", "Kitchen"), "--name is of one phone: name it with --device"),
        (("--device", "d", "--do-not-disturb", "on"), "--do-not-disturb is of the whole account: leave out --device"),
        (("--device", "d", "--block", "a@x"), "--block is of the whole account: leave out --device"),
        (("--device", "d", "--quiet-hours", "off"), "--quiet-hours is of the whole account: leave out --device"),
        (("--reset", "--sound", "on"), "--reset goes without other settings"),
        (("--device", "d"), "--device wants to be told what is to be set"),
    ],
)
def test_options_that_mean_nothing_are_refused(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(CommandError, match=message) as caught:
        check_options(options(*arguments))
    assert caught.value.code == USAGE


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--sound", "loud"), "argument --sound: write on, off or default"),
        (("--ring-after", "soon"), "argument --ring-after: write seconds, or default"),
        (("--quiet-hours", "late"), "argument --quiet-hours: write quiet hours like"),
        (("--quiet-hours", "mo-fr 22:00-07:00"), "argument --quiet-hours: write days like mon-fri,sun: there are mon,"),
        (("--quiet-hours", "mon-fr 22:00-07:00"), "argument --quiet-hours: write days like"),
    ],
)
def test_values_that_cannot_be_are_refused_with_their_option(
    arguments: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        options(*arguments)
    assert caught.value.code == USAGE
    assert message in capsys.readouterr().err
