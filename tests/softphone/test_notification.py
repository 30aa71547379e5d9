"""A push becomes what a person sees, whatever stands in it and however its service carries it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ringwake.softphone.notification import Notification, read_notification
from ringwake.softphone.pushbox import ReceivedPush

OURS = {"v": 1, "kind": "call", "id": "p1", "call_id": "c1", "seq": 3, "from": {"uri": "sip:boss@x", "name": "Boss"}}


def push(payload: Any, *, provider: str = "fcm", service: str = "") -> ReceivedPush:
    return ReceivedPush(provider=provider, service=service, id="1", payload=payload, display=None)


def test_an_android_phone_finds_everything_in_the_data_map() -> None:
    data = {"ringwake": json.dumps(OURS), "title": "alice", "body": "Boss calling", "sound": "ring", "badge": "2"}
    assert read_notification(push(data)) == Notification(
        kind="call",
        id="p1",
        call_id="c1",
        seq=3,
        title="alice",
        text="Boss calling",
        style="alert",
        sound="ring",
        badge=2,
        actions=("Accept", "Reject"),
    )


def test_a_ticket_is_read_and_not_shown() -> None:
    seen = read_notification(push({"ringwake": json.dumps({**OURS, "ticket": "sealed"})}))
    assert seen.ticket == "sealed"
    assert "sealed" not in repr(seen)


def voip(aps: dict[str, Any], ours: dict[str, Any], **more: Any) -> Notification:
    return read_notification(push({"aps": aps, "ringwake": ours, **more}, provider="apns", service="voip"))


def test_callkit_shows_a_call_whatever_the_push_says() -> None:
    seen = voip({}, OURS)
    assert (seen.text, seen.style, seen.sound, seen.actions) == ("Boss calling", "alert", "", ("Accept", "Reject"))
    assert voip({}, {"kind": "call", "from": {"uri": "sip:boss@x"}}).text == "sip:boss@x calling"
    assert voip({}, {"kind": "call"}).text == "Incoming call"


def test_callkit_says_and_rings_what_the_push_says() -> None:
    aps = {"alert": {"title": "alice", "body": "Boss ruft an"}, "sound": "ring.caf", "badge": 2}
    seen = voip(aps, OURS, style="banner")
    assert (seen.title, seen.text, seen.style, seen.sound, seen.badge) == (
        "alice",
        "Boss ruft an",
        "banner",
        "ring.caf",
        2,
    )


def test_an_iphone_shows_what_aps_says() -> None:
    aps = {"alert": {"title": "alice", "body": "Message from Boss"}, "badge": 4}
    seen = read_notification(push({"aps": aps, "ringwake": {"kind": "message"}}, provider="apns", service="remote"))
    assert (seen.kind, seen.title, seen.text, seen.style) == ("message", "alice", "Message from Boss", "banner")
    assert (seen.sound, seen.badge, seen.actions) == ("", 4, ())


def test_a_call_that_shows_nothing_on_an_iphone_without_callkit_is_not_shown() -> None:
    aps = {"content-available": 1}
    seen = read_notification(push({"aps": aps, "ringwake": OURS}, provider="apns", service="remote"))
    assert (seen.is_shown, seen.style, seen.sound, seen.rings) == (False, "none", "", True)


@pytest.mark.parametrize(
    ("sound", "name", "is_critical"),
    [
        ({"critical": 1, "name": "alarm.caf", "volume": 1.0}, "alarm.caf", True),
        ({"name": "alarm.caf"}, "alarm.caf", False),
        ("ring", "ring", False),
        (5, "", False),
    ],
)
def test_a_critical_sound_of_an_iphone_is_an_object(sound: Any, name: str, *, is_critical: bool) -> None:
    seen = voip({"sound": sound}, OURS)
    assert (seen.sound, seen.is_critical) == (name, is_critical)


@pytest.mark.parametrize(("style", "seen"), [("banner", "banner"), ("alert", "alert"), ("x", "alert"), (None, "alert")])
def test_a_style_that_is_not_known_is_that_of_a_call(style: str | None, seen: str) -> None:
    shown = {"body": "b", **({} if style is None else {"style": style})}
    assert read_notification(push({"ringwake": OURS, **shown})).style == seen


def test_what_has_no_text_has_no_style() -> None:
    seen = read_notification(push({"ringwake": OURS, "style": "alert", "sound": "x", "critical": "true"}))
    assert (seen.is_shown, seen.style, seen.sound, seen.is_critical) == (False, "none", "x", True)


def test_a_badge_of_another_phones_reading_is_taken() -> None:
    seen = read_notification(push({"ringwake": {"kind": "read"}, "badge": "0"}))
    assert (seen.kind, seen.badge, seen.is_shown) == ("read", 0, False)


def test_a_page_reads_its_style_sound_and_badge_where_browsers_have_them() -> None:
    shown = {"title": "alice", "body": "b", "requireInteraction": True, "renotify": True}
    seen = read_notification(
        push(
            json.dumps({"ringwake": OURS, "notification": shown, "app_badge": 3, "critical": True}), provider="webpush"
        )
    )
    assert (seen.style, seen.sound, seen.badge, seen.is_critical) == ("alert", "default", 3, True)
    quiet = {"title": "alice", "body": "b", "silent": True}
    seen = read_notification(push(json.dumps({"ringwake": OURS, "notification": quiet}), provider="webpush"))
    assert (seen.style, seen.sound, seen.badge, seen.is_critical) == ("banner", "", None, False)


def test_what_may_be_done_without_sip_is_read_and_not_shown() -> None:
    actions = {"decline": "https://x/act/1", "ignore": 5}
    seen = read_notification(push({"ringwake": {**OURS, "actions": actions}}))
    assert seen.links == (("decline", "https://x/act/1"),)
    assert "https" not in repr(seen)


def test_a_browser_reads_the_text_that_it_decrypted() -> None:
    text = json.dumps({"web_push": 8030, "notification": {"title": "alice", "body": "Boss calling"}, "ringwake": OURS})
    seen = read_notification(push(text, provider="webpush"))
    assert (seen.kind, seen.title, seen.text) == ("call", "alice", "Boss calling")


def test_a_unifiedpush_app_reads_what_a_browser_would() -> None:
    text = json.dumps({"notification": {"title": "alice", "body": "Boss calling"}, "ringwake": OURS})
    seen = read_notification(push(text, provider="unifiedpush"))
    assert (seen.kind, seen.title, seen.text) == ("call", "alice", "Boss calling")


@pytest.mark.parametrize("provider", ["hms", "http"])
def test_one_object_says_what_is_shown(provider: str) -> None:
    content = {"ringwake": OURS, "alert": {"title": "alice", "body": "Boss calling", "sound": "ring", "badge": 2}}
    seen = read_notification(push(json.dumps(content) if provider == "hms" else content, provider=provider))
    assert (seen.kind, seen.title, seen.text, seen.sound, seen.badge) == ("call", "alice", "Boss calling", "ring", 2)


@pytest.mark.parametrize("kind", ["refresh", "wake", "not-yet-invented"])
def test_a_silent_push_and_one_of_an_unknown_kind_show_nothing(kind: str) -> None:
    seen = read_notification(push({"ringwake": json.dumps({"kind": kind, "id": "r1", "from": {"name": "Boss"}})}))
    assert (seen.kind, seen.is_shown, seen.rings, seen.sound) == (kind, False, False, "")


@pytest.mark.parametrize("payload", [None, "", "not JSON", "[" * 100_000, "[]", [], {}, {"ringwake": 3}, "\ud800"])
def test_a_push_that_cannot_be_read_still_wakes(payload: Any) -> None:
    for provider in ("apns", "fcm", "webpush", "unifiedpush", "hms", "http"):
        seen = read_notification(push(payload, provider=provider))
        assert (seen.kind, seen.text, seen.rings) == ("", "Incoming call", False)


@pytest.mark.parametrize(
    "ours",
    [
        {"kind": 7, "id": [], "call_id": None, "seq": "x", "from": "Boss"},
        {"kind": {}, "id": 1, "call_id": 2, "seq": 1.5, "from": ["Boss"]},
    ],
)
def test_values_of_the_wrong_kind_are_left_out(ours: dict[str, Any]) -> None:
    seen = read_notification(push({"ringwake": ours, "badge": "many"}))
    assert (seen.kind, seen.id, seen.call_id, seen.seq, seen.badge) == ("", "", "", 0, None)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.sampled_from(["ringwake"]), inner),
    max_leaves=5,
)
names = st.sampled_from(
    [
        "aps",
        "alert",
        "style",
        "actions",
        "ringwake",
        "notification",
        "title",
        "body",
        "sound",
        "badge",
        "kind",
        "from",
        "seq",
    ]
)


@settings(derandomize=True, deadline=None)
@given(
    payload=json_values | st.dictionaries(names, json_values | st.dictionaries(names, json_values)),
    provider=st.sampled_from(["apns", "fcm", "webpush", "unifiedpush", "hms", "http"]),
)
def test_no_push_breaks_the_phone(payload: Any, provider: str) -> None:
    seen = read_notification(push(payload, provider=provider))
    assert isinstance(seen.text, str)
    assert seen.badge is None or isinstance(seen.badge, int)
