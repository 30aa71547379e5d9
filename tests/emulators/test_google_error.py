"""Claims about errors in Google's shape."""

import json

import pytest

from ringwake.emulators.google_error import GoogleError, auth_error, fcm_error, field_error, quota_error, switched_error


def body(error: GoogleError) -> dict[str, object]:
    content: dict[str, object] = json.loads(error.to_response().body)["error"]
    return content


@pytest.mark.parametrize(
    ("error_code", "status", "rpc"),
    [
        ("INVALID_ARGUMENT", 400, "INVALID_ARGUMENT"),
        ("UNREGISTERED", 404, "NOT_FOUND"),
        ("SENDER_ID_MISMATCH", 403, "PERMISSION_DENIED"),
        ("QUOTA_EXCEEDED", 429, "RESOURCE_EXHAUSTED"),
        ("UNAVAILABLE", 503, "UNAVAILABLE"),
        ("INTERNAL", 500, "INTERNAL"),
        ("THIRD_PARTY_AUTH_ERROR", 401, "UNAUTHENTICATED"),
    ],
)
def test_each_fcm_error_has_its_status_and_names_its_code(error_code: str, status: int, rpc: str) -> None:
    error = fcm_error(error_code, "words")
    assert error.to_response().status == status
    assert body(error) == {
        "code": status,
        "message": "words",
        "status": rpc,
        "details": [{"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": error_code}],
    }
    assert switched_error(status, error_code).to_response().status == status


def test_an_error_of_form_names_the_field_and_no_fcm_code() -> None:
    assert body(field_error("message.data", "is wrong"))["details"] == [
        {
            "@type": "type.googleapis.com/google.rpc.BadRequest",
            "fieldViolations": [{"field": "message.data", "description": "is wrong"}],
        }
    ]


def test_a_quota_that_is_used_up_is_named_with_the_time_to_come_back() -> None:
    error = quota_error("message rate of the device", 12.2)
    answer = error.to_response()
    assert (answer.status, dict(answer.headers)["retry-after"]) == (429, "13")
    code, failure = error.details
    assert code == {"@type": "type.googleapis.com/google.firebase.fcm.v1.FcmError", "errorCode": "QUOTA_EXCEEDED"}
    assert failure == {
        "@type": "type.googleapis.com/google.rpc.QuotaFailure",
        "violations": [{"subject": "message rate of the device", "description": "message rate of the device exceeded"}],
    }


def test_an_error_of_authentication_asks_for_a_bearer_token() -> None:
    answer = auth_error("ACCESS_TOKEN_EXPIRED", "it has expired").to_response()
    assert answer.status == 401
    assert dict(answer.headers)["www-authenticate"].startswith("Bearer")


@pytest.mark.parametrize(
    ("status", "reason", "rpc", "codes"),
    [
        (429, "", "RESOURCE_EXHAUSTED", ["QUOTA_EXCEEDED"]),
        (401, "", "UNAUTHENTICATED", []),
        (401, "THIRD_PARTY_AUTH_ERROR", "UNAUTHENTICATED", ["THIRD_PARTY_AUTH_ERROR"]),
        (418, "", "UNKNOWN", []),
        (503, "nonsense", "UNAVAILABLE", ["UNAVAILABLE"]),
    ],
)
def test_a_switched_error_has_the_usual_code_of_its_status(
    status: int, reason: str, rpc: str, codes: list[str]
) -> None:
    content = body(switched_error(status, reason))
    assert (content["code"], content["status"]) == (status, rpc)
    details = content["details"]
    assert isinstance(details, list)
    assert [detail["errorCode"] for detail in details] == codes
