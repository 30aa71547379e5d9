"""What an answer of Push Kit means: its own code first, which errors have under HTTP 200 too, the HTTP status last."""

from __future__ import annotations

import re
from typing import Final, TypeVar

import msgspec

from ringwake.model.push import Accepted, Outcome, Refused, Throttled, Unreachable, Unregistered
from ringwake.push.message_id import message_id
from ringwake.push.retry_after import retry_after
from ringwake.push.transport.http import Answer

_S = TypeVar("_S", bound=msgspec.Struct)

UNAUTHORIZED: Final = 401
"""Status of what a new access token may cure: get one once, try once again."""
_CONFIGURATION: Final = 403
_OURS: Final = 400
_TOO_LARGE: Final = 413

_SUCCESS, _PARTLY, _DEAD, _FAULT = "80000000", "80100000", "80300007", "81000001"
_REFUSED = {
    "80100001": _OURS,  # a parameter
    "80100003": _OURS,  # the message's structure
    "80100004": _OURS,  # a time to live that is over
    "80100013": _OURS,  # collapse_key
    "80100016": _OURS,  # words that it does not carry
    "80100018": _OURS,  # a third party's signature
    "80200001": UNAUTHORIZED,
    "80200003": UNAUTHORIZED,  # the access token has expired
    "80300002": _CONFIGURATION,  # the app may not push
    "80300008": _TOO_LARGE,
    "80300010": _OURS,  # number of tokens
    "80300011": _CONFIGURATION,  # the app may not use HIGH
    "80300013": _CONFIGURATION,  # address for receipts
    "80600003": _CONFIGURATION,  # app id or secret
}
_THROTTLED = frozenset({"80100017"})
_CODE = re.compile(r"[0-9]{1,10}")


class _Said(msgspec.Struct, frozen=True, rename={"request_id": "requestId"}):
    code: str = ""
    msg: str = ""
    request_id: str = ""


class _Tally(msgspec.Struct, frozen=True):
    """What `msg` of a partial success holds, as text."""

    success: int = 0
    illegal_tokens: tuple[str, ...] = ()


def verdict(answer: Answer, *, wall: float) -> Outcome:
    """Return the outcome of an attempt to push to one token.

    Args:
        answer: what Push Kit said.
        wall: epoch seconds now.
    """
    said = _decoded(answer.body, _Said())
    code = said.code if _CODE.fullmatch(said.code) else ""
    if code == _PARTLY:
        return _of_one(said)
    if code == _SUCCESS and answer.status == 200:
        return Accepted(message_id(said.request_id))
    if code == _DEAD:
        return Unregistered(code)
    if code in _REFUSED:
        return Refused(code, _REFUSED[code])
    return _by_status(answer, code, wall=wall)


def _by_status(answer: Answer, code: str, *, wall: float) -> Outcome:
    reason = code or f"HTTP {answer.status}"
    pause = retry_after(answer.headers, wall=wall)
    if code in _THROTTLED or answer.status in (429, 503) or (answer.status >= 500 and pause is not None):
        return Throttled(reason, pause)
    if code == _FAULT or answer.status >= 500:
        return Unreachable(reason)
    if answer.status == 200:
        # No word of success is no success; a code that is not known yet may speak of anything but a dead token.
        return Refused(reason, _OURS) if code else Unreachable("no code in the answer")
    return Refused(reason, answer.status)


def _of_one(said: _Said) -> Outcome:
    """Return what a partial success means where there was one token only."""
    tally = _decoded(said.msg.encode(), _Tally())
    if tally.success:
        return Accepted(message_id(said.request_id))
    return Unregistered(said.code) if tally.illegal_tokens else Refused(said.code, _OURS)


def _decoded(body: bytes, default: _S) -> _S:
    try:
        return msgspec.json.decode(body, type=type(default))
    except (msgspec.MsgspecError, ValueError, RecursionError):  # ValueError: octets that are no UTF-8
        return default
