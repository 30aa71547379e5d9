"""What settings must keep to, each with its mend and place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from ringwake.api.problems import Problem
from ringwake.api.settings_rules import ZONES, check_settings, is_zone
from ringwake.api.settings_shape import SettingsForm
from ringwake.model.account import Aor

ALICE = Aor("alice@example.com")


def check(document: dict[str, Any]) -> None:
    check_settings(msgspec.convert(document, SettingsForm), ALICE)


def notifications(name: str, value: object) -> dict[str, Any]:
    return {"notifications": {name: value}}


def calls(name: str, value: object) -> dict[str, Any]:
    return {"calls": {name: value}}


def quiet(**members: object) -> dict[str, Any]:
    return calls("quiet_hours", [{"begin": "22:00", "end": "07:00", **members}])


@pytest.mark.parametrize(
    ("document", "detail"),
    [
        (notifications("style", "loud"), "write none, banner or alert - at `$.notifications.style`"),
        (notifications("tone", "../x.caf"), "no name of a sound in the app: write it without a folder - at `$.noti"),
        (notifications("tone", "a\\b"), "no name of a sound in the app"),
        (notifications("tone", "a\nb"), "no name of a sound in the app"),
        (notifications("language", "German!"), 'no language: write it like "de" or "pt-BR" - at `$.notifications.lan'),
        (quiet(days=[]), "write at least one of mon, tue, wed, thu, fri, sat, sun, each once - at `$.calls.quiet_h"),
        (quiet(days=["mon", "mon"]), "write at least one of mon,"),
        (quiet(days=["Monday"]), "write at least one of mon,"),
        (quiet(begin="24:00"), 'no time of the day: write it like "22:00" - at `$.calls.quiet_hours[0].begin`'),
        (quiet(end="7"), 'no time of the day: write it like "22:00" - at `$.calls.quiet_hours[0].end`'),
        (calls("time_zone", "Mars/Phobos"), 'no name of a time zone: write it like "Europe/Berlin" - at `$.calls.tim'),
        (calls("time_zone", ""), "no name of a time zone"),
        (calls("time_zone", "../../etc/passwd"), "no name of a time zone"),
        (calls("time_zone", "Europe"), "no name of a time zone"),
        (calls("allow", ["x@y", ""]), "the pattern is empty - at `$.calls.allow[1]`"),
        (calls("block", ["@y"]), "the pattern is empty on one side of the @ - at `$.calls.block[0]`"),
        (calls("forward", {"busy": "bob"}), 'no SIP URI of somebody: write it like "sip:500@example.com" - at `$.cal'),
        (calls("forward", {"busy": "sip:example.com"}), "no SIP URI of somebody"),
        (calls("forward", {"busy": "sip:a:secret@example.com"}), "no SIP URI of somebody"),
        (calls("forward", {"busy": "sip:a@example.com?Subject=x"}), "no SIP URI of somebody"),
        (calls("forward", {"busy": "tel:+15551234"}), "no SIP URI of somebody"),
        (
            calls("forward", {"always": "sip:alice@EXAMPLE.com;transport=tcp"}),
            "calls would go round: that is the account itself - at `$.calls.forward.always`",
        ),
        ({"devices": {"": {}}}, "no name of a phone: write its +sip.instance without angle brackets - at `$.devices`"),
        ({"devices": {"a\nb": {}}}, "no name of a phone"),
        ({"devices": {"x" * 256: {}}}, "no name of a phone"),
        (
            {"devices": {"x": {"name": "a\x1b[2Jb"}}},
            "it holds characters that cannot be shown - at `$.devices[...].name",
        ),
        (
            {"devices": {"x": {"notifications": {"style": "loud"}}}},
            "write none, banner or alert - at `$.devices[...].notifications.style`",
        ),
    ],
)
def test_what_cannot_be_is_told_with_its_place(document: dict[str, Any], detail: str) -> None:
    with pytest.raises(Problem) as caught:
        check(document)
    assert caught.value.status == 422
    assert caught.value.detail.startswith(detail)


@pytest.mark.parametrize(
    "document",
    [
        {},
        notifications("style", "none"),
        notifications("tone", "Old phone.caf"),
        notifications("language", "zh-Hant-TW"),
        quiet(),
        quiet(begin="00:00", end="00:00", days=["sun"]),
        calls("time_zone", "UTC"),
        calls("time_zone", "Australia/Lord_Howe"),
        calls("allow", ["boss@example.com", "*@example.org", "+49 30 1234*"]),
        calls("forward", {"always": "sip:bob@example.com", "busy": "sips:500@pbx.example.net", "no_answer": ""}),
        {"devices": {"x": {"name": "Küche", "notifications": {}}}},
    ],
)
def test_what_can_be_is_taken(document: dict[str, Any]) -> None:
    check(document)


def test_universal_time_is_known_also_where_there_are_no_time_zones() -> None:
    assert is_zone("UTC")


def test_names_that_somebody_thinks_up_do_not_fill_the_memory() -> None:
    for number in range(ZONES + 10):
        assert not is_zone(f"Nowhere/{number}")
    assert is_zone.cache_info().currsize == ZONES
