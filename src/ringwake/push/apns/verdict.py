"""What an answer of APNs means: every reason of Apple's table (push-services 1.4)."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.message_id import message_id
from ringwake.push.retry_after import retry_after
from ringwake.push.transport.http import Answer

EXPIRED: Final = "ExpiredProviderToken"
"""Our own token is too old: renew it once, try once again."""
TOO_MANY_TOKENS: Final = "TooManyProviderTokenUpdates"
"""The connection has seen tokens change too often, and takes nothing more for a while."""
BAD_TOKEN: Final = "BadDeviceToken"  # noqa: S105  a reason
"""This environment does not know the phone's token; the other may."""

# The token is dead. Never for what may be our own mistake (403, TopicDisallowed): that would delete every user.
# DeviceTokenNotForTopic is the phone's: it names the application, and the topic is made of that.
_DEAD = frozenset({BAD_TOKEN, "DeviceTokenNotForTopic", "ExpiredToken", "Unregistered"})
_THROTTLED = frozenset({TOO_MANY_TOKENS, "TooManyRequests"})
_TRANSIENT = frozenset({"IdleTimeout", "InternalServerError", "ServiceUnavailable", "Shutdown"})
_LATEST_MS = 4e12
_REASON = re.compile(r"[A-Za-z]{1,64}")


def verdict(answer: Answer, *, wall: float) -> Outcome:
    """Return the outcome of an attempt.

    Args:
        answer: what APNs said.
        wall: epoch seconds now.
    """
    if answer.status == 200:
        # The unique id is what Apple's delivery log knows the push by; only the sandbox gives it.
        return Accepted(message_id(answer.headers.get("apns-unique-id") or answer.headers.get("apns-id", "")))
    said = _read(answer.body)
    reason = _reason(said) or f"HTTP {answer.status}"
    if reason in _DEAD or answer.status == 410:
        return Unregistered(reason, _seconds(said.get("timestamp")))
    pause = retry_after(answer.headers, wall=wall)
    if reason in _THROTTLED or answer.status == 429:
        return Throttled(reason, pause)
    if reason in _TRANSIENT or answer.status >= 500:
        return Unreachable(reason) if pause is None else Throttled(reason, pause)
    return Refused(reason, answer.status)


def _read(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except (ValueError, RecursionError):  # what is no JSON, and octets in it that are no UTF-8
        return {}


def _reason(said: dict[str, Any]) -> str:
    reason = said.get("reason")
    return reason if isinstance(reason, str) and _REASON.fullmatch(reason) else ""


def _seconds(timestamp: object) -> float | None:
    """Return epoch seconds: Apple counts milliseconds."""
    if isinstance(timestamp, int | float) and 0 < timestamp < _LATEST_MS:
        return timestamp / 1000
    return None
