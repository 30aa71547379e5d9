"""Claims about an APNs request as far as it can be judged without a device: one row per fault."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.emulators.offices import BUNDLE, post

from ringwake.emulators.notification import check_place, read_id, read_notification
from ringwake.emulators.refusal import RefusedError

TOKEN = "ab" * 32
UUID = "5f8e1f4c-0000-4000-8000-0123456789ab"
VOIP = {"apns-topic": f"{BUNDLE}.voip", "apns-push-type": "voip"}
ALERT = {"apns-topic": BUNDLE, "apns-push-type": "alert"}
BACKGROUND = {"apns-topic": BUNDLE, "apns-push-type": "background", "apns-priority": "5"}
BODY = b'{"aps":{}}'
SILENT = b'{"aps":{"content-available":1},"ringwake":{}}'


def reason(headers: dict[str, str], body: bytes = BODY, token: str = TOKEN) -> str:
    try:
        read_notification(post(f"/3/device/{token}", headers, body), token)
    except RefusedError as error:
        return error.reason
    return ""


def of_size(octets: int) -> bytes:
    empty = json.dumps({"aps": {}, "x": ""}).encode()
    return empty.replace(b'""', b'"' + b"x" * (octets - len(empty)) + b'"')


@pytest.mark.parametrize(
    ("headers", "body", "expected"),
    [
        (VOIP, BODY, ""),
        (ALERT, BODY, ""),
        (BACKGROUND, SILENT, ""),
        (ALERT | {"apns-id": UUID.upper()}, BODY, "BadMessageId"),
        (ALERT | {"apns-id": "1"}, BODY, "BadMessageId"),
        (ALERT | {"apns-id": UUID + "\n"}, BODY, "BadMessageId"),
        ({"apns-push-type": "alert"}, BODY, "MissingTopic"),
        (ALERT | {"apns-topic": ""}, BODY, "MissingTopic"),
        (ALERT | {"apns-topic": "no spaces"}, BODY, "BadTopic"),
        (VOIP | {"apns-topic": ".voip"}, BODY, "BadTopic"),
        ({"apns-topic": BUNDLE}, BODY, "InvalidPushType"),
        (ALERT | {"apns-push-type": "call"}, BODY, "InvalidPushType"),
        (ALERT | {"apns-push-type": "voip"}, BODY, "InvalidPushType"),
        (VOIP | {"apns-push-type": "alert"}, BODY, "InvalidPushType"),
        (ALERT | {"apns-priority": "7"}, BODY, "BadPriority"),
        (ALERT | {"apns-priority": "high"}, BODY, "BadPriority"),
        (ALERT | {"apns-priority": "1"}, BODY, ""),
        (BACKGROUND | {"apns-priority": "10"}, SILENT, "BadPriority"),
        (ALERT | {"apns-push-type": "background"}, SILENT, "BadPriority"),
        (BACKGROUND, BODY, "InvalidPushType"),
        (BACKGROUND, b'{"aps":{"content-available":1,"badge":1}}', "InvalidPushType"),
        (ALERT | {"apns-expiration": "soon"}, BODY, "BadExpirationDate"),
        (ALERT | {"apns-expiration": "-1"}, BODY, "BadExpirationDate"),
        (ALERT | {"apns-expiration": "99999999999"}, BODY, "BadExpirationDate"),
        (ALERT | {"apns-expiration": "1700000000"}, BODY, ""),
        (ALERT | {"apns-collapse-id": "x" * 65}, BODY, "BadCollapseId"),
        (ALERT | {"apns-collapse-id": "x" * 64}, BODY, ""),
        (ALERT, b"", "PayloadEmpty"),
        (ALERT, b"{}", "PayloadEmpty"),
        (ALERT, b'{"aps":5}', "PayloadEmpty"),
        (ALERT, b"[]", "PayloadEmpty"),
        (ALERT, b"{", "PayloadEmpty"),
        (ALERT, b'{"aps":{}, "x": "\xff"}', "PayloadEmpty"),
        (ALERT, b'{"aps":' * 500, "PayloadEmpty"),
        (ALERT, of_size(4096), ""),
        (ALERT, of_size(4097), "PayloadTooLarge"),
        (VOIP, of_size(5120), ""),
        (VOIP, of_size(5121), "PayloadTooLarge"),
    ],
)
def test_each_fault_of_a_request_has_its_reason(headers: dict[str, str], body: bytes, expected: str) -> None:
    assert reason(headers, body) == expected


@pytest.mark.parametrize("token", ["abc", "xy" * 32, "ab" * 101, "ab cd", "ab%2F"])
def test_a_device_token_is_hexadecimal_of_any_reasonable_length(token: str) -> None:
    assert reason(ALERT, token=token) == "BadDeviceToken"
    assert reason(ALERT, token="ab" * 8) == ""
    assert reason(ALERT, token="ab" * 100) == ""


@pytest.mark.parametrize(
    ("push_type", "topic"),
    [
        ("location", f"{BUNDLE}.location-query"),
        ("complication", f"{BUNDLE}.complication"),
        ("fileprovider", f"{BUNDLE}.pushkit.fileprovider"),
        ("liveactivity", f"{BUNDLE}.push-type.liveactivity"),
        ("pushtotalk", f"{BUNDLE}.voip-ptt"),
        ("widgets", f"{BUNDLE}.push-type.widgets"),
        ("controls", f"{BUNDLE}.push-type.controls"),
        ("mdm", BUNDLE),
    ],
)
def test_each_push_type_has_its_topic(push_type: str, topic: str) -> None:
    assert reason({"apns-topic": topic, "apns-push-type": push_type}) == ""
    assert reason({"apns-topic": topic + ".voip", "apns-push-type": push_type}) == "InvalidPushType"


def test_what_was_asked_for_is_read() -> None:
    headers = VOIP | {"apns-priority": "5", "apns-expiration": "1700000100", "apns-collapse-id": "c", "apns-id": UUID}
    read = read_notification(post("/", headers, BODY), TOKEN.upper())
    assert (read.token, read.bundle, read.service, read.push_type) == (TOKEN, BUNDLE, "voip", "voip")
    assert (read.priority, read.expires_at, read.collapse_id) == (5, 1_700_000_100.0, "c")
    assert read.payload == {"aps": {}}


def test_defaults_are_one_try_at_high_priority() -> None:
    read = read_notification(post("/", ALERT, BODY), TOKEN)
    assert (read.priority, read.expires_at, read.collapse_id, read.service) == (10, 0.0, "", "remote")


def test_a_good_id_is_echoed_and_otherwise_one_is_made() -> None:
    assert read_id(post("/", {"apns-id": UUID}, b"")) == UUID
    for headers in ({}, {"apns-id": "1"}):
        assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", read_id(post("/", headers, b"")))


def place(target: str, headers: list[tuple[str, str]] | None = None, method: str = "POST") -> str:
    request = post(target, headers or [], b"")
    object.__setattr__(request, "method", method)
    try:
        return check_place(request)
    except RefusedError as error:
        return error.reason


@pytest.mark.parametrize(
    ("target", "method", "expected"),
    [
        ("/", "POST", "BadPath"),
        ("/3/devices/ab", "POST", "BadPath"),
        ("/3/device", "POST", "BadPath"),
        ("/3/device/ab/cd", "POST", "BadPath"),
        ("/3/device/ab?x=1", "POST", "BadPath"),
        ("/3/device/", "POST", "MissingDeviceToken"),
        ("/3/device/ab", "GET", "MethodNotAllowed"),
        ("/3/device/ab", "POST", "ab"),
    ],
)
def test_there_is_one_place_and_one_method(target: str, method: str, expected: str) -> None:
    assert place(target, method=method) == expected


@pytest.mark.parametrize(
    "name",
    [
        "authorization",
        "apns-topic",
        "apns-push-type",
        "apns-priority",
        "apns-expiration",
        "apns-collapse-id",
        "apns-id",
    ],
)
def test_no_header_may_come_twice(name: str) -> None:
    assert place("/3/device/ab", [(name, "1"), (name, "1")]) == "DuplicateHeaders"


@given(st.binary(max_size=100), st.dictionaries(st.sampled_from(["apns-id", *VOIP]), st.text(max_size=20)))
def test_nothing_but_a_refusal_is_ever_raised(body: bytes, headers: dict[str, str]) -> None:
    assert reason(VOIP | headers, body) is not None
