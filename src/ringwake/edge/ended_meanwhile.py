"""Calls that were open when the process died, and are over now: phones may ring for them still."""

from __future__ import annotations

from dataclasses import dataclass, replace

from ringwake.edge.core import Core
from ringwake.edge.ghost_call import call_over
from ringwake.model.binding import Binding
from ringwake.model.call import CallRecord
from ringwake.model.effects import NOTHING, Effects
from ringwake.model.history import Outcome
from ringwake.model.push import Kind, Service
from ringwake.proxy.forking import DECLINED
from ringwake.sip.message import Request
from ringwake.wake.call_end import notice_of
from ringwake.wake.call_ending import Ended
from ringwake.wake.called_phones import MOST_SECONDS
from ringwake.wake.end_notices import EndNotices, Notice

_SEQ = 1000
"""Of their notices: more than a call has pushes, of which nobody knows how many there were."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Meanwhile:
    """Such a call."""

    record: CallRecord
    request: Request
    phones: tuple[Binding, ...]
    """Of the account."""
    outcome: Outcome
    unread: int
    """For the badge."""


def ended_meanwhile(core: Core, call: Meanwhile, now: float) -> Effects:
    """Tell the phones that it is over: those that slept when it came, and that it has not reached since.

    A push leaves as soon as a call is parked, so they were called.
    """
    record, account = call.record, core.account(call.record.aor)
    rung = [phone for phone in call.phones if _was_woken(core, call, phone)]
    if account is None or not rung:
        return NOTHING
    words = replace(core.announce(call.request, account, record.flow), unread=call.unread, subject=record.id)
    notice = Notice(kind=notice_of(call.outcome), words=words, trace=record.trace, seq=_SEQ)
    is_fresh = core.wall(now) < record.received_at + MOST_SECONDS
    ended = Ended(
        record=record,
        context=None,
        notices=EndNotices(notice, rung, means=core.means),
        on_show=tuple(phone for phone in rung if is_fresh and _is_rung_by_callkit(phone)),
        reason=DECLINED if call.outcome is Outcome.DECLINED else "",
    )
    return call_over(core, ended, now)


def _was_woken(core: Core, call: Meanwhile, phone: Binding) -> bool:
    record = call.record
    has_come = phone.registered_at >= record.received_at or phone.phone in record.invited
    has_refused = any(known == phone.phone for known, _ in record.refusals)
    is_called = phone.is_meant(record.only) and core.may_reach(call.request, phone)
    can_be_woken = phone.push is not None and phone.push.vehicle(Kind.CALL) is not None
    return is_called and can_be_woken and not has_come and not has_refused


def _is_rung_by_callkit(phone: Binding) -> bool:
    vehicle = None if phone.push is None else phone.push.vehicle(Kind.CALL)
    return vehicle is not None and vehicle[0] is Service.VOIP
