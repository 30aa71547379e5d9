"""How a call ended, and what the phones that were woken in vain are told."""

from __future__ import annotations

from ringwake.model.call import CallEnd
from ringwake.model.history import MISSED, Outcome
from ringwake.model.push import Kind
from ringwake.proxy.forking import ResponseContext
from ringwake.sip.reason import sip_causes

NO_WAKE = 480
"""What a phone that did not come stands for (RFC 8599 section 5.6.2)."""
_ABSENT = 20
"""Q.850 cause "subscriber absent"."""
NOTICE_SECONDS = 86400.0
"""How long the notice of a missed call is worth delivering."""
_SAID = {200: Outcome.ANSWERED, 600: Outcome.DECLINED, 603: Outcome.DECLINED}


def how_it_ended(context: ResponseContext, *, is_cancelled: bool) -> CallEnd:
    """Name the end of a call whose final response was said."""
    status = context.word or context.final or 0  # of the phones, whatever its caller hears of it elsewhere
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


def why_cancelled(reason: str) -> Outcome:
    """Tell what became of a call that its caller has cancelled.

    A PBX that calls other phones, too, says so when one of them has taken or declined it: then nobody has missed it.

    Args:
        reason: Reason header field of the CANCEL (RFC 3326); empty when it had none, or what cannot be read.
    """
    return next((_SAID[cause] for cause in sip_causes(reason) if cause in _SAID), Outcome.CANCELLED)


def notice_of(outcome: Outcome) -> Kind:
    """Return the kind of push that tells a phone which did not come: `missed` for what the list calls missed."""
    if outcome in MISSED:
        return Kind.MISSED
    return Kind.ELSEWHERE if outcome in (Outcome.ANSWERED, Outcome.DECLINED) else Kind.CANCEL


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
