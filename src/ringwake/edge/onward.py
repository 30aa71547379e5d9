"""The way of a call that goes on to somebody else: another account, the tenant's PBX, or by a word to the caller.

It goes on as a call of its own, which answers the same INVITE: parked for another account, or sent to the PBX. Each is
in the store before the first has left it, so a crash in between loses neither.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from ringwake.edge.core import Core
from ringwake.edge.incoming import Enter, Incoming
from ringwake.edge.virtual_uas import follow
from ringwake.model.account import Account, Aor
from ringwake.model.call import CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.store_ops import Failed, Park, Parked
from ringwake.model.tenant import Tenant
from ringwake.proxy.diversion import FIELD, Reason, diversion, divert, diverters
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import Hop, forward, record_route
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.uri import parse_uri
from ringwake.sip.via import COOKIE
from ringwake.wake.called_phones import MOST_SECONDS
from ringwake.wake.forwarded_call import ForwardedCall
from ringwake.wake.parked_call import ParkedCall

_PBX = "pbx:"
"""Begins, in place of an address of record, the name of the tenant whose PBX has the call."""
LEAST_SECONDS = 3.0
"""How long a phone must have to wake, or the call does not go on to it."""
RECOVERY_SECONDS = 5.0
"""How long the PBX is waited for after a restart, when it has still to be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaving:
    """A call that leaves an account."""

    record: CallRecord
    context: ResponseContext
    """Which has not said its final response."""
    tenant: Tenant
    """That of the account."""
    uri: str
    """Where it is to go on to."""
    reason: Reason
    why: str
    """The same in words, for the timeline."""
    now: float

    @property
    def aor(self) -> Aor:
        """What it leaves."""
        return self.record.aor

    def noted(self, uri: str, by: str) -> Effects:
        """Tell the timeline where the call goes: to an `account`, the `pbx`, or by `redirect`."""
        fields: dict[str, Field] = {"reason": self.why, "to": uri, "by": by}
        return (Note(Event(Happened.CALL_FORWARDED, self.now, self.record.trace, fields)),)


@dataclass(frozen=True, slots=True)
class Stuck:
    """It cannot go on."""

    why: str


def go_on(core: Core, leaving: Leaving, enter: Enter) -> Effects | Stuck:
    """Let a call go on. Its context has handed it on or said 302 then, unless it is stuck.

    A tenant that redirects, or has no PBX for what is no account here, leaves it to the caller.
    """
    if leaving.aor in diverters(leaving.context.request):
        return Stuck("the call has gone on from here before")
    if leaving.tenant.redirects:
        return _redirect(leaving)
    uri = _as_secure_as(leaving.context.request, leaving.uri)
    request = divert(leaving.context.request, uri, leaving.aor, leaving.reason)
    if request is None:
        return Stuck("Max-Forwards is used up")
    account = core.directory.account(Aor(parse_uri(uri).aor))
    if account is not None:
        return _to_account(core, leaving, request, account, enter=enter)
    return _to_pbx(core, leaving, request) if core.trunks.has(leaving.tenant.domain) else _redirect(leaving)


def send_again(core: Core, stored: CallRecord, context: ResponseContext, now: float) -> Effects:
    """Send a call to the PBX again that was on its way there when the process died: a retransmission, if it has it."""
    return _send(core, _forwarded_call(core, stored, context), now, patience=RECOVERY_SECONDS)


def is_at_pbx(record: CallRecord) -> bool:
    """Tell whether a stored call is on its way to a PBX, and not to the phones of an account."""
    return record.aor.startswith(_PBX)


def _redirect(leaving: Leaving) -> Effects:
    headers = (("contact", f"<{leaving.uri}>"), (FIELD, diversion(leaving.aor, leaving.reason)))
    return (*leaving.noted(leaving.uri, "redirect"), *leaving.context.redirect(headers))


def _to_account(core: Core, leaving: Leaving, request: Request, account: Account, *, enter: Enter) -> Effects | Stuck:
    record, wall, timing = leaving.record, core.wall(leaving.now), core.means.timing
    until = min(wall + timing.wake, record.received_at + MOST_SECONDS - timing.ring)
    if account.aor in diverters(request):
        return Stuck("the next account has been tried")
    if until < wall + min(LEAST_SECONDS, timing.wake):
        return Stuck("no time is left for another")
    caller = core.announce(request, account, record.flow).caller
    if core.means.callers.refusal(caller.key, account.aor, leaving.now) is not None:
        return Stuck("the next account is called too often")
    following = replace(_following(core, record, request, account.aor), wake_until=until)
    arrived = RequestArrived(leaving.context.transaction, request, record.flow)
    leaving.context.hand_on()
    effects = enter(Incoming(arrived=arrived, record=following, account=account, now=leaving.now))
    call = core.calls.get(following.id)
    if isinstance(call, ParkedCall):
        follow(core, call)
    return (*leaving.noted(request.uri, "account"), *effects)


def _to_pbx(core: Core, leaving: Leaving, request: Request) -> Effects | Stuck:
    domain = leaving.tenant.domain
    flow = core.trunks.flow(domain)
    if flow is None:
        return Stuck("the PBX could not be reached")
    if request.uri.startswith("sips:") and not flow.transport.is_secure:
        return Stuck("the way to the PBX is not secure")
    record = _following(core, leaving.record, request, Aor(_PBX + domain))
    context = ResponseContext(leaving.context.transaction, request, to_tag=core.tag())
    leaving.context.hand_on()
    call = _forwarded_call(core, record, context)
    follow(core, call)

    def applied(_: Parked, now: float) -> Effects:
        return _send(core, call, now)

    def then(_: Parked, now: float) -> Effects:
        del now
        if context.final is not None or context.transaction.octets:
            return NOTHING
        return (Respond(context.transaction, reply(request, 100)),)

    def otherwise(failed: Failed, now: float) -> Effects:
        fields: dict[str, Field] = {"op": "park", "reason": failed.reason}
        noted = Note(Event(Happened.STORE_FAILED, now, record.trace, fields))
        # It is in memory and goes on, unless the store took nothing at all.
        return (noted, *(NOTHING if context.branches else _send(core, call, now)))

    keep = Persist(Park(call=record), applied=applied, then=then, otherwise=otherwise)
    return (*leaving.noted(request.uri, "pbx"), keep)


def _forwarded_call(core: Core, record: CallRecord, context: ResponseContext) -> ForwardedCall:
    domain = record.aor.removeprefix(_PBX)

    def compose(flow: Flow) -> Request:
        pbx, caller = FlowToken(flow, "", domain), FlowToken(record.flow, record.caller, record.caller_aor)
        routes = (record_route(pbx, core.seal), record_route(caller, core.seal))
        branch = core.seal.digest("branch", record.id.encode()) + loop_mark(context.request, core.seal)
        return forward(context.request, Hop(flow=flow, branch=COOKIE + branch, record_routes=routes))

    call = ForwardedCall(record, context, compose=compose, find=lambda: core.trunks.flow(domain))
    core.calls.add(record.id, call, transaction=context.transaction)
    return call


def _send(core: Core, call: ForwardedCall, now: float, *, patience: float = 0.0) -> Effects:
    return core.calls.keep(call.record.id, call.start(now, patience=patience), now)


def _following(core: Core, record: CallRecord, request: Request, aor: Aor) -> CallRecord:
    """Return the record of the call that a call goes on as. It is as old as the first one."""
    fresh = replace(record, id=core.key("call", request, aor), aor=aor, invite=request.encode())
    return replace(fresh, only="", invited=(), refusals=())


def _as_secure_as(request: Request, uri: str) -> str:
    """Return a URI as one of sips, if the call was one (section 26.2.2)."""
    is_sips = request.uri.lower().startswith("sips:") and uri.lower().startswith("sip:")
    return f"sips:{uri[4:]}" if is_sips else uri
