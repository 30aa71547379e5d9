"""How a call ended, and what the phones that were woken in vain are told."""

from __future__ import annotations

from ringwake.model.call import CallEnd
from ringwake.model.push import Kind
from ringwake.proxy.forking import ResponseContext

NO_WAKE = 480
"""What a phone that did not come stands for (RFC 8599 section 5.6.2)."""
_ABSENT = 20
"""Q.850 cause "subscriber absent"."""
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
    if context.is_silent:
        return CallEnd.NO_WAKE  # whatever its caller was told
    if status in (486, 600, 603):
        return CallEnd.DECLINED
    if any(branch.is_ringing for branch in context.branches):
        return CallEnd.NO_ANSWER
    return CallEnd.NO_WAKE if status == NO_WAKE else CallEnd.ERROR


def notice_of(end: CallEnd) -> Kind:
    """Return the kind of push that tells a phone which did not come."""
    return _NOTICES.get(end, Kind.MISSED)


def absent(why: str) -> tuple[tuple[str, str], ...]:
    """Return the Reason of a final response that stands for silence (RFC 3326; RFC 6432 allows it there)."""
    return (("reason", f'Q.850;cause={_ABSENT};text="{why}"'),)


def silence(context: ResponseContext, *, waited: float, is_early: bool) -> str:
    """Say in a few words why nobody came.

    Args:
        context: of the call.
        waited: seconds that the call has waited.
        is_early: whether it gave up before its time was over.
    """
    if not context.branches:
        return "No phone is registered that could be woken"
    if is_early:
        return "No phone could be reached"
    return f"No phone woke in {waited:.0f} s"
