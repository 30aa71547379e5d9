"""Calls that are not for the phones of an account, or that these have not taken: where they go on to, and why.

What its owner has chosen (`call_settings.Forwards`) comes before what the tenant wants of calls that no phone came for
(docs/adr/0037-forwarding.md). A call that cannot go on ends as it would have without.
"""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.edge.incoming import Enter, Incoming
from ringwake.edge.onward import Leaving, Stuck, go_on
from ringwake.model.call_settings import Forwards
from ringwake.model.effects import Effects, Note, Persist
from ringwake.model.events import Event, Field, Happened
from ringwake.model.history import Outcome
from ringwake.model.history_ops import Log
from ringwake.model.store_ops import Failed, Recovered
from ringwake.proxy.diversion import Reason, diverters
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.lack import Lack
from ringwake.sip.message import Request
from ringwake.sip.parser import parse
from ringwake.wake.call_end import NO_WAKE, absent, silence
from ringwake.wake.call_entry import call_entry
from ringwake.wake.parked_call import ParkedCall

_WORDS = {
    Reason.UNCONDITIONAL: "All calls of the account go on",
    Reason.DO_NOT_DISTURB: "The account does not want to be disturbed",
}


def forward_at_once(core: Core, incoming: Incoming, reason: Reason, *, enter: Enter) -> Effects | None:
    """Let a call go on before any phone is woken; None when it does not: then it is for whoever asks.

    Args:
        core: the parts of the server.
        incoming: the call.
        reason: UNCONDITIONAL goes on to `always`. It is written down here, and answered also when it is stuck.
            DO_NOT_DISTURB goes on to `busy`; who does not let the call through writes that down.
        enter: lets the call reach another account.
    """
    record, now, forwards = incoming.record, incoming.now, incoming.account.settings.calls.forward
    is_always = reason is Reason.UNCONDITIONAL
    uri, tenant = (forwards.always if is_always else forwards.busy), core.directory.tenant(_domain(record.aor))
    if not uri or tenant is None or record.only:
        return None
    context = ResponseContext(incoming.arrived.transaction, incoming.arrived.request, to_tag=core.tag())
    leaving = Leaving(
        record=record, context=context, tenant=tenant, uri=uri, reason=reason, why=_WORDS[reason], now=now
    )
    gone = go_on(core, leaving, enter)
    if not is_always:
        return None if isinstance(gone, Stuck) else gone
    if isinstance(gone, Stuck):
        why = f"{leaving.why}, and {gone.why}"
        return (*context.refuse(NO_WAKE, absent(why)), *_ended(core, incoming, context, why))
    return (*gone, *_ended(core, incoming, context))


def not_taken(core: Core, call: ParkedCall, lack: Lack, now: float, *, enter: Enter) -> Effects:
    """Let a call go on that the phones of its account have not taken, or say its final response."""
    leaving = _leaving(core, call, lack, now)
    gone = go_on(core, leaving, enter) if leaving is not None else Stuck("")
    if not isinstance(gone, Stuck):
        return gone
    if lack is not Lack.SILENCE:
        return call.context.say()
    why = _silence(core, call, now) + (f", and {gone.why}" if gone.why else "")
    return call.context.refuse(NO_WAKE, absent(why))


def gone_on(found: Recovered) -> frozenset[str]:
    """Return the ids of calls that had gone on when the process died, though it could not write down that they had.

    The next one answers the same INVITE, and names in its Diversion what it has left. What was diverted before it came
    to us names accounts there as well.
    """
    calls = [(record, request) for record, _ in found.calls if isinstance(request := parse(record.invite), Request)]
    next_of = {
        (record.trace, request.via.branch, aor): record.id for record, request in calls for aor in diverters(request)
    }
    following = ((record.id, next_of.get((record.trace, request.via.branch, record.aor))) for record, request in calls)
    return frozenset(first for first, other in following if other not in (None, first))


def _leaving(core: Core, call: ParkedCall, lack: Lack, now: float) -> Leaving | None:
    record, account = call.record, core.account(call.record.aor)
    tenant = core.directory.tenant(_domain(record.aor))
    if tenant is None or record.only:
        return None  # nobody else has what it replaces, or the PBX calls the others by itself
    if lack is Lack.SILENCE and record.refusals:
        lack = Lack.NO_ANSWER  # a phone had refused it before a restart
    forwards = Forwards() if account is None else account.settings.calls.forward
    uri, reason, why = {
        Lack.BUSY: (forwards.busy, Reason.USER_BUSY, "The account is busy"),
        Lack.NO_ANSWER: (forwards.no_answer, Reason.NO_ANSWER, f"Nobody answered in {now - call.started_at:.0f} s"),
        Lack.SILENCE: (forwards.unreachable, Reason.UNAVAILABLE, _silence(core, call, now)),
    }[lack]
    if not uri and lack is Lack.SILENCE:
        uri, reason = tenant.no_wake, Reason.NO_ANSWER  # which is what mailboxes have a greeting for
    if not uri:
        return None
    return Leaving(record=record, context=call.context, tenant=tenant, uri=uri, reason=reason, why=why, now=now)


def _silence(core: Core, call: ParkedCall, now: float) -> str:
    return silence(call.context, waited=now - call.started_at, is_early=core.wall(now) < call.record.wake_until - 1)


def _ended(core: Core, incoming: Incoming, context: ResponseContext, why: str = "") -> Effects:
    """Write down that a call has gone on, or why it is stuck."""
    record, now, outcome = incoming.record, incoming.now, Outcome.NO_WAKE if why else Outcome.FORWARDED
    status = context.final or 0 if context.word != context.final else 0  # what is said elsewhere is not its own
    caller = core.announce(incoming.arrived.request, incoming.account, record.flow).caller
    entry = call_entry(record, caller, outcome, wall=core.wall(now), status=status)
    fields: dict[str, Field] = {"end": outcome.value, "status": status, "reason": why}

    def otherwise(failed: Failed, now: float) -> Effects:
        fields: dict[str, Field] = {"op": "log", "reason": failed.reason}
        return (Note(Event(Happened.STORE_FAILED, now, record.trace, fields)),)

    return (Persist(Log(entry), otherwise=otherwise), Note(Event(Happened.CALL_ENDED, now, record.trace, fields)))


def _domain(aor: str) -> str:
    return aor.rpartition("@")[2]
