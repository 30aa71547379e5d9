"""Claims about what the system shows by itself."""

import json

import pytest

from ringwake.emulators.display import apns_display, fcm_display, webpush_display


@pytest.mark.parametrize(
    ("aps", "shown"),
    [
        ({}, None),
        ({"content-available": 1}, None),
        ({"alert": "Boss calling"}, {"body": "Boss calling"}),
        ({"alert": {"title": "T", "subtitle": "S", "body": "B"}}, {"title": "T", "subtitle": "S", "body": "B"}),
        ({"alert": {"loc-key": "CALL", "loc-args": ["Boss"], "title-loc-key": "T", "title-loc-args": []}},
         {"loc_key": "CALL", "loc_args": ["Boss"], "title_loc_key": "T", "title_loc_args": []}),
        ({"sound": "ring.wav", "badge": 0, "category": "INCOMING_CALL"},
         {"sound": "ring.wav", "badge": 0, "category": "INCOMING_CALL"}),
        ({"sound": {"critical": 1, "name": "alarm.wav"}}, {"sound": "alarm.wav", "critical": True}),
        ({"sound": {"critical": 0, "name": "alarm.wav"}}, {"sound": "alarm.wav"}),
        ({"badge": 1, "interruption-level": "passive"}, {"badge": 1, "interruption_level": "passive"}),
        ({"sound": "", "alert": 5}, None),
    ],
)  # fmt: skip
def test_apns_shows_what_aps_says(aps: dict[str, object], shown: dict[str, object] | None) -> None:
    assert apns_display({"aps": aps}) == shown


@pytest.mark.parametrize(
    ("notification", "android", "shown"),
    [
        ({}, {}, None),
        ({"title": "T", "body": "B", "image": "x"}, {}, {"title": "T", "body": "B"}),
        ({"title": "T", "body": "B"}, {"body": "C"}, {"title": "T", "body": "C"}),
        ({}, {"sound": "ring", "notification_count": 2, "click_action": "CALL", "body_loc_key": "K", "tag": "x"},
         {"sound": "ring", "badge": 2, "category": "CALL", "loc_key": "K"}),
    ],
)  # fmt: skip
def test_fcm_shows_its_notification(
    notification: dict[str, object], android: dict[str, object], shown: dict[str, object] | None
) -> None:
    assert fcm_display(notification, android) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (None, None),
        ("", None),
        ("hello", None),
        ("[" * 100_000, None),
        ('"text"', None),
        ("\udcff", None),
        (json.dumps({"notification": {"title": "T"}}), None),
        (json.dumps({"web_push": 8030, "notification": 5}), None),
        (json.dumps({"web_push": 8030, "notification": {"title": "T", "body": "B", "navigate": "x"}, "app_badge": 3}),
         {"title": "T", "body": "B", "badge": 3}),
    ],
)  # fmt: skip
def test_web_push_shows_declarative_texts_only(text: str | None, shown: dict[str, object] | None) -> None:
    assert webpush_display(text) == shown
