"""Every error code of FCM has its outcome: `details[].errorCode` first (push-services section 2)."""

import json
from email.utils import formatdate
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.push.samples import NOW

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.fcm.verdict import verdict
from ringwake.push.transport.http import Answer

FCM_ERROR = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"
NO_TOKEN = "The registration token is not a valid FCM registration token"


def code(value: str) -> dict[str, Any]:
    return {"@type": FCM_ERROR, "errorCode": value}


def violation(*fields: str) -> dict[str, Any]:
    return {"@type": BAD_REQUEST, "fieldViolations": [{"field": it, "description": "x"} for it in fields]}


def answer(status: int, rpc: str, *details: dict[str, Any], message: str = "", **headers: str) -> Answer:
    error = {"code": status, "message": message, "status": rpc, "details": list(details)}
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Answer(status=status, headers=named, body=json.dumps({"error": error}).encode())


TABLE: list[tuple[str, Answer, Outcome]] = [
    ("UNREGISTERED", answer(404, "NOT_FOUND", code("UNREGISTERED")), Unregistered("UNREGISTERED")),
    (
        "INVALID_ARGUMENT, token by message",
        answer(400, "INVALID_ARGUMENT", code("INVALID_ARGUMENT"), message=NO_TOKEN),
        Unregistered("INVALID_ARGUMENT"),
    ),
    (
        "INVALID_ARGUMENT, token by field",
        answer(400, "INVALID_ARGUMENT", code("INVALID_ARGUMENT"), violation("message.token")),
        Unregistered("INVALID_ARGUMENT"),
    ),
    (
        "INVALID_ARGUMENT, our field",
        answer(400, "INVALID_ARGUMENT", code("INVALID_ARGUMENT"), violation("message.data[0].value"), message=NO_TOKEN),
        Refused("INVALID_ARGUMENT", 400),
    ),
    (
        "INVALID_ARGUMENT, token and our field",
        answer(400, "INVALID_ARGUMENT", code("INVALID_ARGUMENT"), violation("message.token", "message.android")),
        Refused("INVALID_ARGUMENT", 400),
    ),
    (
        "INVALID_ARGUMENT, no FcmError",
        answer(400, "INVALID_ARGUMENT", violation("message.token"), message=NO_TOKEN),
        Refused("INVALID_ARGUMENT", 400),
    ),
    (
        "INVALID_ARGUMENT, too big",
        answer(400, "INVALID_ARGUMENT", code("INVALID_ARGUMENT"), message="Message is too big"),
        Refused("INVALID_ARGUMENT", 400),
    ),
    (
        "SENDER_ID_MISMATCH",
        answer(403, "PERMISSION_DENIED", code("SENDER_ID_MISMATCH")),
        Refused("SENDER_ID_MISMATCH", 403),
    ),
    ("QUOTA_EXCEEDED", answer(429, "RESOURCE_EXHAUSTED", code("QUOTA_EXCEEDED")), Throttled("QUOTA_EXCEEDED", 60.0)),
    (
        "QUOTA_EXCEEDED with seconds",
        answer(429, "RESOURCE_EXHAUSTED", code("QUOTA_EXCEEDED"), retry_after="7"),
        Throttled("QUOTA_EXCEEDED", 7.0),
    ),
    (
        "QUOTA_EXCEEDED with a date",
        answer(429, "RESOURCE_EXHAUSTED", code("QUOTA_EXCEEDED"), retry_after=formatdate(NOW + 9, usegmt=True)),
        Throttled("QUOTA_EXCEEDED", 9.0),
    ),
    ("RESOURCE_EXHAUSTED", answer(429, "RESOURCE_EXHAUSTED"), Throttled("RESOURCE_EXHAUSTED", 60.0)),
    ("UNAVAILABLE", answer(503, "UNAVAILABLE", code("UNAVAILABLE")), Unreachable("UNAVAILABLE")),
    (
        "UNAVAILABLE with seconds",
        answer(503, "UNAVAILABLE", code("UNAVAILABLE"), retry_after="2"),
        Throttled("UNAVAILABLE", 2.0),
    ),
    (
        "UNAVAILABLE with nonsense",
        answer(503, "UNAVAILABLE", code("UNAVAILABLE"), retry_after="-1"),
        Unreachable("UNAVAILABLE"),
    ),
    ("INTERNAL", answer(500, "INTERNAL", code("INTERNAL")), Unreachable("INTERNAL")),
    ("UNSPECIFIED_ERROR", answer(400, "UNKNOWN", code("UNSPECIFIED_ERROR")), Unreachable("UNSPECIFIED_ERROR")),
    (
        "THIRD_PARTY_AUTH_ERROR",
        answer(401, "UNAUTHENTICATED", code("THIRD_PARTY_AUTH_ERROR")),
        Refused("THIRD_PARTY_AUTH_ERROR", 401),
    ),
    ("UNAUTHENTICATED", answer(401, "UNAUTHENTICATED"), Refused("UNAUTHENTICATED", 401)),
    ("PERMISSION_DENIED", answer(403, "PERMISSION_DENIED"), Refused("PERMISSION_DENIED", 403)),
    ("no such project", answer(404, "NOT_FOUND"), Refused("NOT_FOUND", 404)),
]


@pytest.mark.parametrize(("said", "outcome"), [row[1:] for row in TABLE], ids=[row[0] for row in TABLE])
def test_every_code_has_its_outcome(said: Answer, outcome: Outcome) -> None:
    assert verdict(said, wall=NOW) == outcome


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (302, Refused("HTTP 302", 302)),
        (400, Refused("HTTP 400", 400)),
        (401, Refused("HTTP 401", 401)),
        (404, Refused("HTTP 404", 404)),
        (410, Refused("HTTP 410", 410)),
        (429, Throttled("HTTP 429", 60.0)),
        (500, Unreachable("HTTP 500")),
        (503, Unreachable("HTTP 503")),
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"<html>",
        b'{"error": "x"}',
        b'{"error": {"status": 5}}',
        b'{"error":{"status":"a\\nb"}}',
        b"[" * 8000,
    ],
)
def test_without_a_code_the_status_decides_and_no_token_dies(status: int, outcome: Outcome, body: bytes) -> None:
    assert verdict(Answer(status=status, body=body), wall=NOW) == outcome


def test_a_success_has_googles_name_for_the_message() -> None:
    assert verdict(Answer(status=200, body=b'{"name":"projects/p/messages/0:1"}'), wall=NOW) == Accepted(
        "projects/p/messages/0:1"
    )
    assert verdict(Answer(status=200, body=b"?"), wall=NOW) == Accepted("")


@given(status=st.integers(201, 599), body=st.binary(max_size=300))
def test_whatever_is_answered_is_an_outcome(status: int, body: bytes) -> None:
    assert isinstance(verdict(Answer(status=status, body=body), wall=NOW), Outcome)
