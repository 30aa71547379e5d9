"""Claims about an FCM request as far as it can be judged without a device."""

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ringwake.emulators.fcm_message import FcmMessage, read_message
from ringwake.emulators.google_error import GoogleError


def read(android: object = None, **message: object) -> FcmMessage:
    return read_message({"message": {"token": "t", "android": android} | message})


def field_of(body: object) -> str:
    with pytest.raises(GoogleError) as caught:
        read_message(body)
    details = json.loads(caught.value.to_response().body)["error"]["details"]
    return str(details[0]["fieldViolations"][0]["field"])


def test_defaults_are_normal_priority_and_four_weeks() -> None:
    message = read()
    assert (message.priority, message.ttl_seconds, message.collapse_key) == ("NORMAL", 2_419_200.0, "")
    assert (message.data, message.notification, message.validate_only) == ({}, {}, False)


def test_a_call_is_read() -> None:
    message = read({"priority": "HIGH", "ttl": "20s"}, data={"kind": "call"})
    assert (message.token, message.priority, message.ttl_seconds) == ("t", "HIGH", 20.0)
    assert message.data == {"kind": "call"}


def test_android_data_lies_over_data() -> None:
    assert read({"data": {"a": "2"}}, data={"a": "1", "b": "1"}).data == {"a": "2", "b": "1"}


@pytest.mark.parametrize("priority", ["HIGH", "high", "High"])
def test_priority_may_be_written_in_any_case(priority: str) -> None:
    assert read({"priority": priority}).priority == "HIGH"


@pytest.mark.parametrize(
    ("ttl", "seconds"), [("0s", 0.0), ("3.5s", 3.5), ("2419200s", 2_419_200.0), ("0.000000001s", 1e-9)]
)
def test_a_ttl_is_a_duration(ttl: str, seconds: float) -> None:
    assert read({"ttl": ttl}).ttl_seconds == seconds


@pytest.mark.parametrize("ttl", ["", "20", "20S", "-1s", "2419201s", "2419200.1s", "1.s", "1e3s", " 1s", "1s\n", "∞s"])
def test_what_is_no_ttl_is_refused(ttl: str) -> None:
    assert field_of({"message": {"token": "t", "android": {"ttl": ttl}}}) == "message.android.ttl"


@pytest.mark.parametrize("target", [{}, {"token": ""}, {"token": "t", "topic": "x"}, {"topic": "x", "condition": "y"}])
def test_there_is_exactly_one_target(target: dict[str, str]) -> None:
    assert field_of({"message": target}) == "message"


def test_a_topic_or_a_condition_is_a_target_too() -> None:
    assert read_message({"message": {"topic": "news"}}).token == ""
    assert read_message({"message": {"condition": "'a' in topics"}}).token == ""
    assert field_of({"message": {"topic": "/topics/news"}}) == "message.topic"


@pytest.mark.parametrize("key", ["from", "message_type", "google.x", "gcm.", "gcm.notification.title", "", "google.\n"])
def test_reserved_keys_are_refused(key: str) -> None:
    assert field_of({"message": {"token": "t", "data": {key: "x"}}}) == "message.data"
    assert field_of({"message": {"token": "t", "android": {"data": {key: "x"}}}}) == "message.android.data"


@pytest.mark.parametrize("key", ["fromage", "googlex", "gcm", "message_types", "From"])
def test_other_keys_are_not(key: str) -> None:
    assert read(data={key: "x"}).data == {key: "x"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "message"),
        ({"message": None}, "message"),
        ({"message": []}, "message"),
        ({"message": {"token": "t"}, "validate_only": "yes"}, "validate_only"),
        ({"message": {"token": "t"}, "to": "t"}, "request"),
        ({"message": {"token": "t", "priority": "high"}}, "message"),
        ({"message": {"token": 5}}, "message.token"),
        ({"message": {"token": "t", "data": {"a": 1}}}, "message.data[a]"),
        ({"message": {"token": "t", "data": {"a": {}}}}, "message.data[a]"),
        ({"message": {"token": "t", "android": {"priority": "URGENT"}}}, "message.android.priority"),
        ({"message": {"token": "t", "android": {"ttl": 20}}}, "message.android.ttl"),
        ({"message": {"token": "t", "android": {"notification": {"notification_count": "2"}}}},
         "message.android.notification.notification_count"),
    ],
)  # fmt: skip
def test_each_fault_names_its_field(body: object, field: str) -> None:
    assert field_of(body) == field


def test_data_and_notification_have_4096_octets_together() -> None:
    assert read(data={"k": "x" * 4095}).data
    assert field_of({"message": {"token": "t", "data": {"k": "x" * 4096}}}) == "message"
    assert field_of({"message": {"token": "t", "data": {"k": "é" * 2048}}}) == "message"
    assert field_of({"message": {"token": "t", "notification": {"body": "x" * 4097}}}) == "message"


def test_what_googles_reference_names_is_known() -> None:
    notification = {"title": "T", "body": "B", "channel_id": "calls", "sound": "ring", "notification_count": 1}
    android = {"collapse_key": "c", "direct_boot_ok": True, "notification": notification, "fcm_options": {}}
    message = read(android, notification={"title": "T"}, apns={"payload": {}}, webpush={}, fcm_options={})
    assert message.collapse_key == "c"
    assert message.android_notification == notification
    assert read_message({"message": {"token": "t"}, "validateOnly": True}).validate_only


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["message", "token", "data", "android", "ttl", "x"]), inner, max_size=4)
    ),
)


@given(JSON)
def test_nothing_but_a_google_error_is_ever_raised(body: object) -> None:
    with suppress(GoogleError):
        assert isinstance(read_message(body), FcmMessage)
