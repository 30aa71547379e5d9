"""Calls that an earlier life of the process left open (docs/adr/0012-bad-moments.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from ringwake.edge.core import Core
from ringwake.edge.ended_meanwhile import Meanwhile, ended_meanwhile
from ringwake.edge.forwarding import gone_on
from ringwake.edge.invite import parked_call, set_out
from ringwake.edge.onward import is_at_pbx, send_again
from ringwake.edge.virtual_uas import accompany
from ringwake.model.account import Account
from ringwake.model.call import CallEnd, CallRecord
from ringwake.model.effects import Effects, Note, Persist, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.history import Outcome
from ringwake.model.store_ops import Finish, Finished, Parked, Recovered
from ringwake.proxy.forking import ResponseContext
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply
from ringwake.sip.transactions.servers import ServerTransaction
from ringwake.wake.call_end import NO_WAKE
from ringwake.wake.call_entry import call_entry
from ringwake.wake.called_phones import MOST_SECONDS

Adopt: TypeAlias = Callable[[Request, Flow], ServerTransaction]
"""Rebuilds the server transaction of a stored INVITE that came down a flow."""
RECOVERY_SECONDS = 5.0
"""How long a call is waited for at least when it was found after a crash, its own time being over."""
_BUSY = 486


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    """A call as it was found."""

    record: CallRecord
    request: Request
    parked: Parked
    now: float


def recover(core: Core, found: Recovered, now: float, *, adopt: Adopt) -> Effects:
    """Take up the calls that an earlier life of the process left open.

    Args:
        core: the parts of the server.
        found: the open calls.
        now: monotonic seconds.
        adopt: rebuilds a server transaction, so that the answer goes where the INVITE came from.
    """
    effects: list[Effects] = []
    gone, unread = gone_on(found), dict(found.unread)
    for stored, bindings in found.calls:
        request = parse(stored.invite)
        if not isinstance(request, Request):
            continue
        call = _Found(record=stored, request=request, parked=Parked(bindings, unread.get(stored.aor, 0)), now=now)
        if stored.id in gone:
            effects.append(_left_behind(core, call))
        else:
            context = ResponseContext(adopt(request, stored.flow), request, to_tag=core.tag())
            effects.append(_take_up(core, call, context))
    return tuple(effect for several in effects for effect in several)


def _take_up(core: Core, found: _Found, context: ResponseContext) -> Effects:
    stored, now, wall = found.record, found.now, core.wall(found.now)
    account = core.account(stored.aor)
    if stored.is_cancelled:
        return (*context.refuse(487), _finish(core, found, CallEnd.CANCELLED, status=487))
    if is_at_pbx(stored) and wall < stored.received_at + MOST_SECONDS:
        return send_again(core, stored, context, now)
    if account is None:
        return (*context.refuse(404), _finish(core, found, CallEnd.ERROR, status=404))
    if (refusal := max((status for _, status in stored.refusals), default=0)) >= 600:
        return (*context.refuse(refusal), _finish(core, found, CallEnd.DECLINED, status=refusal))
    if wall >= _ends_at(core, stored, account):
        # Nobody has waited for so long: no phone may ring for this any more.
        return (*context.refuse(NO_WAKE), _finish(core, found, CallEnd.NO_WAKE, status=NO_WAKE))
    record = replace(stored, wake_until=max(stored.wake_until, wall + RECOVERY_SECONDS))
    call = parked_call(core, record, context, core.announce(context.request, account, record.flow))
    fields: dict[str, Field] = {"aor": record.aor, "call_id": context.request.call_id}
    note = Note(Event(Happened.CALL_RECOVERED, now, record.trace, fields))
    # It is on disk, and the 100 may have died with the process that put it there.
    trying = Respond(context.transaction, reply(context.request, 100))
    begun = set_out(core, call, found.parked, now, age=wall - stored.received_at)
    return (note, trying, *begun, *accompany(core, call, now))


def _ends_at(core: Core, stored: CallRecord, account: Account) -> float:
    """Return the epoch seconds after which a call is over at the latest."""
    calls, devices = account.settings.calls, account.settings.devices
    ring = core.means.answering(calls.no_answer).timing.ring
    usual = max(stored.received_at + core.means.timing.wake, stored.wake_until) + ring
    has_turns = calls.in_order or any(device.ring_after for device in devices)
    return max(usual, stored.received_at + MOST_SECONDS) if has_turns else usual


def _left_behind(core: Core, found: _Found) -> Effects:
    """End a call that has gone on as another one, which is taken up."""
    is_busy = any(status == _BUSY for _, status in found.record.refusals)
    end = CallEnd.DECLINED if is_busy else CallEnd.NO_WAKE
    return (_finish(core, found, end, outcome=Outcome.FORWARDED if is_busy else Outcome.NO_WAKE),)


def _finish(core: Core, found: _Found, end: CallEnd, *, status: int = 0, outcome: Outcome | None = None) -> Persist:
    stored, account = found.record, core.account(found.record.aor)
    if account is None:
        return Persist(Finish(call=stored.id, end=end))
    caller = core.announce(found.request, account, stored.flow).caller
    become = Outcome(end.value) if outcome is None else outcome
    entry = call_entry(stored, caller, become, wall=core.wall(found.now), status=status)

    def applied(finished: Finished, now: float) -> Effects:
        over = Meanwhile(
            record=stored,
            request=found.request,
            phones=found.parked.bindings,
            outcome=become,
            unread=finished.unread,
        )
        return ended_meanwhile(core, over, now)

    return Persist(Finish(call=stored.id, end=end, entry=entry), applied=applied)
