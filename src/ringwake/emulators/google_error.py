"""Errors in Google's shape: google.rpc.Status in JSON, with FcmError or BadRequest in its details (push-services 2)."""

import math
from collections.abc import Sequence

import msgspec

from ringwake.emulators.exchange import Response
from ringwake.emulators.refusal import RefusedError

_FCM_TYPE = "type.googleapis.com/google.firebase.fcm.v1.FcmError"
_FIELDS_TYPE = "type.googleapis.com/google.rpc.BadRequest"
_QUOTA_TYPE = "type.googleapis.com/google.rpc.QuotaFailure"
_INFO_TYPE = "type.googleapis.com/google.rpc.ErrorInfo"
# HTTP status and google.rpc.Code by FCM's error code.
_CODES = {
    "INVALID_ARGUMENT": (400, "INVALID_ARGUMENT"),
    "UNREGISTERED": (404, "NOT_FOUND"),
    "SENDER_ID_MISMATCH": (403, "PERMISSION_DENIED"),
    "QUOTA_EXCEEDED": (429, "RESOURCE_EXHAUSTED"),
    "UNAVAILABLE": (503, "UNAVAILABLE"),
    "INTERNAL": (500, "INTERNAL"),
    "THIRD_PARTY_AUTH_ERROR": (401, "UNAUTHENTICATED"),
}
_USUAL = {
    400: "INVALID_ARGUMENT",
    403: "SENDER_ID_MISMATCH",
    404: "UNREGISTERED",
    429: "QUOTA_EXCEEDED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_RPC = {401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 405: "NOT_FOUND"}


class GoogleError(RefusedError):
    """A refusal that is answered with a status body."""

    def __init__(self, code: int, status: str, *, reason: str, message: str, details: Sequence[object] = ()) -> None:
        super().__init__(reason, message)
        self.code = code
        self.status = status
        self.details = list(details)
        self.retry_after = 0
        """Whole seconds, for the header; 0: none."""

    def to_response(self) -> Response:
        """Return the answer."""
        error = {"code": self.code, "message": self.detail, "status": self.status, "details": self.details}
        headers = [("content-type", "application/json; charset=UTF-8")]
        if self.code == 401:
            headers.append(("www-authenticate", 'Bearer realm="https://accounts.google.com/", error="invalid_token"'))
        if self.retry_after:
            headers.append(("retry-after", str(self.retry_after)))
        return Response(status=self.code, headers=tuple(headers), body=msgspec.json.encode({"error": error}))


def fcm_error(error_code: str, message: str) -> GoogleError:
    """Return an error about the token or the project: its details name FCM's own code."""
    code, status = _CODES[error_code]
    details = [{"@type": _FCM_TYPE, "errorCode": error_code}]
    return GoogleError(code, status, reason=error_code, message=message, details=details)


def quota_error(which: str, wait: float) -> GoogleError:
    """Return the error of a quota that is used up: its details name the quota, and it says when to come back."""
    error = fcm_error("QUOTA_EXCEEDED", f"{which} exceeded")
    error.details.append({"@type": _QUOTA_TYPE, "violations": [{"subject": which, "description": error.detail}]})
    error.retry_after = math.ceil(wait)
    return error


def field_error(field: str, description: str) -> GoogleError:
    """Return an error about the request's form: its details name the field, and there is no FCM code."""
    violations = [{"field": field, "description": description}]
    details = [{"@type": _FIELDS_TYPE, "fieldViolations": violations}]
    words = f"{field}: {description}"
    return GoogleError(400, "INVALID_ARGUMENT", reason="INVALID_ARGUMENT", message=words, details=details)


def auth_error(reason: str, message: str) -> GoogleError:
    """Return an error about the access token."""
    details = [{"@type": _INFO_TYPE, "reason": reason, "domain": "googleapis.com"}]
    return GoogleError(401, "UNAUTHENTICATED", reason=reason, message=message, details=details)


def switched_error(status: int, reason: str) -> GoogleError:
    """Return the error that a switch asks for."""
    known = reason if reason in _CODES else _USUAL.get(status, "")
    details = [{"@type": _FCM_TYPE, "errorCode": known}] if known else []
    rpc = _CODES[known][1] if known else _RPC.get(status, "UNKNOWN")
    return GoogleError(status, rpc, reason=known or rpc, message="switched", details=details)
