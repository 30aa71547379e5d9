"""What an answer of FCM means (push-services section 2): `details[].errorCode` first, the HTTP status last."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, TypeVar

import msgspec

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.message_id import message_id
from ringwake.push.retry_after import retry_after
from ringwake.push.transport.http import Answer

_F = TypeVar("_F", bound=msgspec.Struct)

UNAUTHENTICATED: Final = "UNAUTHENTICATED"
"""Our own access token is not taken: get a new one once, try once again."""
QUOTA_SECONDS = 60.0
"""What Google asks for when an answer of 429 names no time."""

_THROTTLED = frozenset({"QUOTA_EXCEEDED", "RESOURCE_EXHAUSTED"})
_TRANSIENT = frozenset({"UNAVAILABLE", "INTERNAL", "UNSPECIFIED_ERROR"})
_TOKEN_FIELD = "message.token"  # noqa: S105 - the name of a field
_CODE = re.compile(r"[A-Z_]{1,64}")


class _Violation(msgspec.Struct, frozen=True):
    field: str = ""


class _Detail(msgspec.Struct, frozen=True, rename="camel"):
    error_code: str = ""
    field_violations: tuple[_Violation, ...] = ()


class _Error(msgspec.Struct, frozen=True):
    message: str = ""
    status: str = ""
    details: tuple[_Detail, ...] = ()


class _Failure(msgspec.Struct, frozen=True):
    error: _Error = _Error()


class _Success(msgspec.Struct, frozen=True):
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Said:
    """An error answer, read."""

    code: str
    """FcmError's, or else the status, or else empty."""
    speaks_of_token: bool


def verdict(answer: Answer, *, wall: float) -> Outcome:
    """Return the outcome of an attempt.

    Args:
        answer: what FCM said.
        wall: epoch seconds now.
    """
    if answer.status == 200:
        return Accepted(message_id(_decoded(answer.body, _Success()).name))
    said = _read(answer.body)
    reason = said.code or f"HTTP {answer.status}"
    pause = retry_after(answer.headers, wall=wall)
    if reason == "UNREGISTERED" or (reason == "INVALID_ARGUMENT" and said.speaks_of_token):
        return Unregistered(reason)
    if reason in _THROTTLED or answer.status == 429:
        return Throttled(reason, QUOTA_SECONDS if pause is None else pause)
    if reason in _TRANSIENT or answer.status >= 500:
        return Unreachable(reason) if pause is None else Throttled(reason, pause)
    return Refused(reason, answer.status)


def _read(body: bytes) -> _Said:
    error = _decoded(body, _Failure()).error
    fcm_code = next((detail.error_code for detail in error.details if detail.error_code), "")
    fields = {violation.field for detail in error.details for violation in detail.field_violations}
    # INVALID_ARGUMENT is said of bad tokens and of bad messages of ours alike: without FcmError, or with another
    # field at fault, it is ours.
    names_token = fields == {_TOKEN_FIELD} or (not fields and "registration token" in error.message.lower())
    code = fcm_code or error.status
    return _Said(
        code=code if _CODE.fullmatch(code) else "",
        speaks_of_token=bool(fcm_code) and names_token,
    )


def _decoded(body: bytes, default: _F) -> _F:
    try:
        return msgspec.json.decode(body, type=type(default))
    except (ValueError, RecursionError):  # what is no JSON, and octets in it that are no UTF-8
        return default
