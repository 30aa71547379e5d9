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


def push(payload: Any, *, provider: str = "fcm", display: dict[str, Any] | None = None) -> ReceivedPush:
    return ReceivedPush(provider=provider, service="", id="1", payload=payload, display=display)


def test_an_android_phone_finds_everything_in_the_data_map() -> None:
    data = {"ringwake": json.dumps(OURS), "title": "alice", "body": "Boss calling", "sound": "ring", "badge": "2"}
    assert read_notification(push(data)) == Notification(
        kind="call",
        id="p1",
        call_id="c1",
        seq=3,
        title="alice",
        text="Boss calling",
        sound="ring",
        badge=2,
        actions=("Accept", "Reject"),
    )


def test_a_ticket_is_read_and_not_shown() -> None:
    seen = read_notification(push({"ringwake": json.dumps({**OURS, "ticket": "sealed"})}))
    assert seen.ticket == "sealed"
    assert "sealed" not in repr(seen)


def test_an_iphone_gets_a_voip_push_without_text_and_names_the_caller_itself() -> None:
    seen = read_notification(push({"aps": {}, "ringwake": OURS}, provider="apns"))
    assert (seen.text, seen.sound, seen.actions, seen.rings) == ("Boss calling", "default", ("Accept", "Reject"), True)


def test_an_iphone_shows_what_the_system_shows() -> None:
    ours = {"kind": "message", "id": "m1"}
    display = {"title": "alice", "body": "Message from Boss", "badge": 4}
    seen = read_notification(push({"ringwake": ours}, provider="apns", display=display))
    assert (seen.kind, seen.title, seen.text, seen.sound, seen.badge, seen.actions) == (
        "message",
        "alice",
        "Message from Boss",
        "",
        4,
        (),
    )


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


def test_a_caller_without_a_name_is_shown_by_its_uri() -> None:
    seen = read_notification(push({"ringwake": {"kind": "call", "from": {"uri": "sip:boss@x"}}}, provider="apns"))
    assert seen.text == "sip:boss@x calling"


def test_a_caller_that_is_withheld_is_no_name() -> None:
    assert read_notification(push({"ringwake": {"kind": "call"}}, provider="apns")).text == "Incoming call"


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
names = st.sampled_from(["ringwake", "notification", "title", "body", "sound", "badge", "kind", "from", "seq"])


@settings(derandomize=True, deadline=None)
@given(
    payload=json_values | st.dictionaries(names, json_values | st.dictionaries(names, json_values)),
    display=st.none() | st.dictionaries(names, json_values),
    provider=st.sampled_from(["apns", "fcm", "webpush", "unifiedpush", "hms", "http"]),
)
def test_no_push_breaks_the_phone(payload: Any, display: dict[str, Any] | None, provider: str) -> None:
    seen = read_notification(push(payload, provider=provider, display=display))
    assert isinstance(seen.text, str)
    assert seen.badge is None or isinstance(seen.badge, int)
