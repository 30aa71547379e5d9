"""Every reason of Apple's table has its outcome (push-services 1.4)."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.push.samples import NOW

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.apns.verdict import verdict
from ringwake.push.transport.http import Answer

TABLE: list[tuple[int, str, Outcome]] = [
    (400, "BadCollapseId", Refused("BadCollapseId", 400)),
    (400, "BadDeviceToken", Unregistered("BadDeviceToken")),
    (400, "BadExpirationDate", Refused("BadExpirationDate", 400)),
    (400, "BadMessageId", Refused("BadMessageId", 400)),
    (400, "BadPriority", Refused("BadPriority", 400)),
    (400, "BadTopic", Refused("BadTopic", 400)),
    (400, "DeviceTokenNotForTopic", Unregistered("DeviceTokenNotForTopic")),
    (400, "DuplicateHeaders", Refused("DuplicateHeaders", 400)),
    (400, "IdleTimeout", Unreachable("IdleTimeout")),
    (400, "InvalidPushType", Refused("InvalidPushType", 400)),
    (400, "MissingDeviceToken", Refused("MissingDeviceToken", 400)),
    (400, "MissingTopic", Refused("MissingTopic", 400)),
    (400, "PayloadEmpty", Refused("PayloadEmpty", 400)),
    (400, "TopicDisallowed", Refused("TopicDisallowed", 400)),
    (403, "BadCertificate", Refused("BadCertificate", 403)),
    (403, "BadCertificateEnvironment", Refused("BadCertificateEnvironment", 403)),
    (403, "ExpiredProviderToken", Refused("ExpiredProviderToken", 403)),
    (403, "Forbidden", Refused("Forbidden", 403)),
    (403, "InvalidProviderToken", Refused("InvalidProviderToken", 403)),
    (403, "MissingProviderToken", Refused("MissingProviderToken", 403)),
    (403, "UnrelatedKeyIdInToken", Refused("UnrelatedKeyIdInToken", 403)),
    (403, "BadEnvironmentKeyIdInToken", Refused("BadEnvironmentKeyIdInToken", 403)),
    (404, "BadPath", Refused("BadPath", 404)),
    (405, "MethodNotAllowed", Refused("MethodNotAllowed", 405)),
    (410, "ExpiredToken", Unregistered("ExpiredToken")),
    (410, "Unregistered", Unregistered("Unregistered")),
    (413, "PayloadTooLarge", Refused("PayloadTooLarge", 413)),
    (429, "TooManyProviderTokenUpdates", Throttled("TooManyProviderTokenUpdates")),
    (429, "TooManyRequests", Throttled("TooManyRequests")),
    (500, "InternalServerError", Unreachable("InternalServerError")),
    (503, "ServiceUnavailable", Unreachable("ServiceUnavailable")),
    (503, "Shutdown", Unreachable("Shutdown")),
]


def said(status: int, body: object, **headers: str) -> Outcome:
    return verdict(Answer(status=status, headers=headers, body=json.dumps(body).encode()), wall=NOW)


@pytest.mark.parametrize(("status", "reason", "outcome"), TABLE, ids=[reason for _, reason, _ in TABLE])
def test_every_reason_has_its_outcome(status: int, reason: str, outcome: Outcome) -> None:
    assert said(status, {"reason": reason}) == outcome


def test_the_table_is_whole() -> None:
    assert len({reason for _, reason, _ in TABLE}) == 32


@pytest.mark.parametrize("reason", ["ExpiredToken", "Unregistered"])
def test_a_dead_token_has_the_time_that_apple_names_in_milliseconds(reason: str) -> None:
    assert said(410, {"reason": reason, "timestamp": 1_795_480_000_123}) == Unregistered(reason, 1_795_480_000.123)


@pytest.mark.parametrize("timestamp", ["1795480000123", None, -1, 0, 10**400, 10**30, [], {}, True])
def test_a_timestamp_that_makes_no_sense_is_as_if_not_said(timestamp: object) -> None:
    outcome = said(410, {"reason": "Unregistered", "timestamp": timestamp})
    assert outcome in (Unregistered("Unregistered"), Unregistered("Unregistered", 0.001))


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (302, Refused("HTTP 302", 302)),
        (400, Refused("HTTP 400", 400)),
        (403, Refused("HTTP 403", 403)),
        (404, Refused("HTTP 404", 404)),
        (410, Unregistered("HTTP 410")),
        (429, Throttled("HTTP 429")),
        (500, Unreachable("HTTP 500")),
        (502, Unreachable("HTTP 502")),
        (599, Unreachable("HTTP 599")),
    ],
)
@pytest.mark.parametrize(
    "body",
    [b"", b"null", b"[]", b"<html>", b'{"reason": 5}', b'{"reason": "a b\\n"}', b"\xff", b"[" * 8000, b'{"a":' * 1600],
)
def test_without_a_reason_the_status_decides(status: int, outcome: Outcome, body: bytes) -> None:
    assert verdict(Answer(status=status, body=body), wall=NOW) == outcome


def test_an_unknown_reason_is_passed_on_under_its_status() -> None:
    assert said(400, {"reason": "SomethingNew"}) == Refused("SomethingNew", 400)
    assert said(503, {"reason": "SomethingNew"}) == Unreachable("SomethingNew")
    assert said(429, {"reason": "SomethingNew"}) == Throttled("SomethingNew")


def test_retry_after_is_heard() -> None:
    assert said(429, {"reason": "TooManyRequests"}, **{"retry-after": "9"}) == Throttled("TooManyRequests", 9.0)
    assert said(503, {"reason": "Shutdown"}, **{"retry-after": "9"}) == Throttled("Shutdown", 9.0)
    assert said(503, {"reason": "Shutdown"}, **{"retry-after": "-1"}) == Unreachable("Shutdown")


def test_a_success_has_apples_id() -> None:
    assert verdict(Answer(status=200, headers={"apns-id": "a"}), wall=NOW) == Accepted("a")
    assert verdict(Answer(status=200, headers={"apns-id": "a", "apns-unique-id": "u"}), wall=NOW) == Accepted("u")
    assert verdict(Answer(status=200), wall=NOW) == Accepted("")


@given(status=st.integers(201, 599), body=st.binary(max_size=300))
def test_whatever_is_answered_is_an_outcome(status: int, body: bytes) -> None:
    assert isinstance(verdict(Answer(status=status, body=body), wall=NOW), Outcome)
