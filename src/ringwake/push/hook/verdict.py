"""What the operator's push server has answered (docs/reference/http-push.md)."""

from __future__ import annotations

import re

import msgspec

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.message_id import message_id
from ringwake.push.retry_after import retry_after
from ringwake.push.transport.http import Answer

_REASON = re.compile(r"[A-Za-z0-9_.\-]{1,64}")
_LATEST = 4e9


class _Said(msgspec.Struct, frozen=True):
    id: str = ""
    reason: str = ""
    at: float | None = None


def verdict(answer: Answer, *, wall: float) -> Outcome:
    """Return the outcome of an attempt.

    Args:
        answer: what the server said.
        wall: epoch seconds now.
    """
    said = _read(answer.body)
    if 200 <= answer.status < 300:
        return Accepted(message_id(said.id))
    reason = said.reason if _REASON.fullmatch(said.reason) else f"HTTP {answer.status}"
    at = said.at if said.at is not None and 0 < said.at < _LATEST else None
    # Any server says 404 to a path that it does not know: only with a time is it said of the token.
    if answer.status == 410 or (answer.status == 404 and at is not None):
        return Unregistered(reason, at)
    pause = retry_after(answer.headers, wall=wall)
    if answer.status == 429 or (answer.status >= 500 and pause is not None):
        return Throttled(reason, pause)
    return Unreachable(reason) if answer.status >= 500 else Refused(reason, answer.status)


def _read(body: bytes) -> _Said:
    try:
        return msgspec.json.decode(body, type=_Said)
    except (msgspec.MsgspecError, ValueError, RecursionError):  # ValueError: octets that are no UTF-8
        return _Said()
