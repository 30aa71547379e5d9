"""Diversion (RFC 5806): a call that goes on to somebody else says from whom, as a voicemail box wants to know."""

from __future__ import annotations

from enum import StrEnum

from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import DEFAULT_MAX_FORWARDS, max_forwards
from ringwake.sip.grammar import split
from ringwake.sip.message import Request
from ringwake.sip.uri import escape_user

FIELD = "diversion"


class Reason(StrEnum):
    """Why a call goes on (RFC 5806 section 4.1)."""

    UNCONDITIONAL = "unconditional"
    USER_BUSY = "user-busy"
    DO_NOT_DISTURB = "do-not-disturb"
    NO_ANSWER = "no-answer"
    UNAVAILABLE = "unavailable"


def diversion(aor: str, reason: Reason) -> str:
    """Write the value that says why a call has gone on from an address of record."""
    user, _, host = aor.rpartition("@")
    return f"<sip:{escape_user(user)}@{host}>;reason={reason.value};counter=1"


def divert(request: Request, uri: str, aor: str, reason: Reason) -> Request | None:
    """Return the request as it goes on to another URI, the newest Diversion on top; None when it has no hop left.

    Args:
        request: left as it is.
        uri: the new Request-URI. To stays: it says whom the caller wanted.
        aor: whom it was for until now.
        reason: why it goes on.

    Raises:
        ParseError: Max-Forwards is no number.
    """
    copy = request.copy()
    known = max_forwards(copy.headers)
    left = (DEFAULT_MAX_FORWARDS if known is None else known) - 1
    if left < 1:
        return None
    copy.headers.set("max-forwards", str(left))
    copy.headers.push(FIELD, diversion(aor, reason))
    copy.uri = uri
    return copy


def diverters(request: Request) -> frozenset[str]:
    """Return the addresses of record that a request was diverted from already; what cannot be read is left out."""
    found: set[str] = set()
    for text in request.headers.texts(FIELD):
        try:
            found.update(parse_address(value).sip_uri.aor for value in _values(text))
        except ParseError:
            continue
    return frozenset(found)


def _values(text: str) -> list[str]:
    return [value for value in split(text, ",") if value]
