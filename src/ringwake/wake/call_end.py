"""How a call ended, and what the phones that were woken in vain are told."""

from __future__ import annotations

from ringwake.model.call import CallEnd
from ringwake.model.push import Kind
from ringwake.proxy.forking import ResponseContext

NO_WAKE = 480
"""What a phone that did not come stands for (RFC 8599 section 5.6.2)."""
NOTICE_SECONDS = 86400.0
"""How long the notice of a missed call is worth delivering."""
# As docs/reference/payload.md tells the apps.
_NOTICES = {
    CallEnd.ANSWERED: Kind.ELSEWHERE,
    CallEnd.DECLINED: Kind.ELSEWHERE,
    CallEnd.CANCELLED: Kind.CANCEL,
    CallEnd.ERROR: Kind.CANCEL,
}


def how_it_ended(context: ResponseContext, *, is_cancelled: bool) -> CallEnd:
    """Name the end of a call whose final response was said."""
    status = context.final or 0
    if status < 300:
        return CallEnd.ANSWERED
    if is_cancelled:
        return CallEnd.CANCELLED
    if status in (486, 600, 603):
        return CallEnd.DECLINED
    if any(branch.is_ringing for branch in context.branches):
        return CallEnd.NO_ANSWER
    return CallEnd.NO_WAKE if status == NO_WAKE else CallEnd.ERROR


def notice_of(end: CallEnd) -> Kind:
    """Return the kind of push that tells a phone which did not come."""
    return _NOTICES.get(end, Kind.MISSED)
