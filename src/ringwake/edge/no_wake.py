"""What becomes of a call that no phone came for: it goes on to where its tenant wants it, or its caller hears why not.

It goes on as a call of its own, which answers the same INVITE: parked for another account, or sent to the PBX. Each is
in the store before the first has left it, so a crash in between loses neither.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TypeAlias

from ringwake.edge.core import Core
from ringwake.edge.virtual_uas import follow
from ringwake.model.account import Account, Aor
from ringwake.model.call import CallRecord
from ringwake.model.effects import NOTHING, Effects, Note, Persist, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.store_ops import Failed, Park, Parked, Recovered
from ringwake.model.tenant import Tenant
from ringwake.proxy.diversion import FIELD, diversion, divert, diverters
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.loops import loop_mark
from ringwake.proxy.routing import Hop, forward, record_route
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.parser import parse
from ringwake.sip.replies import reply
from ringwake.sip.uri import parse_uri
from ringwake.sip.via import COOKIE
from ringwake.wake.announcement import Announcement
from ringwake.wake.call_end import NO_WAKE, absent, silence
from ringwake.wake.forwarded_call import ForwardedCall
from ringwake.wake.parked_call import ParkedCall

Parking: TypeAlias = Callable[[CallRecord, ResponseContext, Announcement], tuple[ParkedCall, Effects]]
"""Parks a call and sets its phones ringing."""
MOVED = 302
_PBX = "pbx:"
"""Begins, in place of an address of record, the name of the tenant whose PBX has the call."""
MOST_SECONDS = 175.0
"""How long after it came a call may ring at the latest: proxies on the way give up after 180 (section 16.6 step 11)."""
LEAST_SECONDS = 3.0
"""How long a phone must have to wake, or the call does not go on to it."""
RECOVERY_SECONDS = 5.0
"""How long the PBX is waited for after a restart, when it has still to be reached."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Silence:
    """A call that no phone came for."""

    call: ParkedCall
    tenant: Tenant
    why: str
    now: float

    @property
    def aor(self) -> Aor:
        """Whose phones did not come."""
        return self.call.record.aor

    def refused(self, more: str = "") -> Effects:
        """Let the caller hear that nobody came, and why it ends here."""
        return self.call.context.refuse(NO_WAKE, absent(self.why + more))

    def noted(self, uri: str, by: str) -> Effects:
        """Tell the timeline where the call goes: to an `account`, the `pbx`, or by `redirect`."""
        fields: dict[str, Field] = {"reason": self.why, "to": uri, "by": by}
        return (Note(Event(Happened.CALL_FORWARDED, self.now, self.call.record.trace, fields)),)


def nobody_came(core: Core, call: ParkedCall, now: float, *, park: Parking) -> Effects:
    """Say the final response of a call that no phone came for, or let it go on."""
    tenant = core.directory.tenant(call.record.aor.rpartition("@")[2])
    why = silence(call.context, waited=now - call.started_at, is_early=core.wall(now) < call.record.wake_until - 1)
    if tenant is None or not tenant.no_wake or call.record.refusals:  # a phone had refused it before a restart
        return call.context.refuse(NO_WAKE, absent(why))
    found = _Silence(call=call, tenant=tenant, why=why, now=now)
    if found.aor in diverters(call.context.request):
        return found.refused(", and the call has gone on from here before")
    if tenant.redirects:
        headers = (("contact", f"<{tenant.no_wake}>"), (FIELD, diversion(found.aor)))
        return (*found.noted(tenant.no_wake, "redirect"), *call.context.refuse(MOVED, headers))
    return _go_on(core, found, park)


def take_up(core: Core, stored: CallRecord, context: ResponseContext, now: float) -> Effects:
    """Send a call to the PBX again that was on its way there when the process died: a retransmission, if it has it."""
    return _send(core, _forwarded_call(core, stored, context), now, patience=RECOVERY_SECONDS)


def is_forwarded(record: CallRecord) -> bool:
    """Tell whether a stored call is on its way to a PBX, and not to the phones of an account."""
    return record.aor.startswith(_PBX)


def gone_on(found: Recovered) -> frozenset[str]:
    """Return the ids of calls that had gone on when the process died, though it could not write down that they had."""
    followed = {
        (record.trace, aor)
        for record, _ in found.calls
        if isinstance(request := parse(record.invite), Request)
        for aor in diverters(request)
    }
    return frozenset(record.id for record, _ in found.calls if (record.trace, record.aor) in followed)


def _go_on(core: Core, found: _Silence, park: Parking) -> Effects:
    uri = _as_secure_as(found.call.context.request, found.tenant.no_wake)
    request = divert(found.call.context.request, uri, found.aor)
    if request is None:
        return found.refused(", and Max-Forwards is used up")
    account = core.directory.account(Aor(parse_uri(uri).aor))
    if account is None:
        return _to_pbx(core, found, request)
    return _to_account(core, found, request, account, park=park)


def _to_account(core: Core, found: _Silence, request: Request, account: Account, *, park: Parking) -> Effects:
    record, wall = found.call.record, core.wall(found.now)
    until = min(wall + core.means.timing.wake, record.received_at + MOST_SECONDS - core.means.timing.ring)
    if account.aor in diverters(request):
        return found.refused(", and the next account has been tried")
    if until < wall + LEAST_SECONDS:
        return found.refused(", and no time is left for another")
    words = core.announce(request, account, record.flow)
    if core.means.callers.refusal(words.caller.key, account.aor, found.now) is not None:
        return found.refused(", and the next account is called too often")
    following = replace(_following(core, record, request, account.aor), wake_until=until)
    call, effects = park(following, _answering(core, found, request), words)
    return (*_hand_on(found, core, call), *effects)


def _to_pbx(core: Core, found: _Silence, request: Request) -> Effects:
    domain = found.tenant.domain
    flow = core.trunks.flow(domain)
    if flow is None:
        return found.refused(", and the PBX could not be reached")
    if request.uri.startswith("sips:") and not flow.transport.is_secure:
        return found.refused(", and the way to the PBX is not secure")
    record = _following(core, found.call.record, request, Aor(_PBX + domain))
    call = _forwarded_call(core, record, _answering(core, found, request))

    def applied(_: Parked, now: float) -> Effects:
        return _send(core, call, now)

    def then(_: Parked, now: float) -> Effects:
        del now
        if call.context.final is not None or call.context.transaction.octets:
            return NOTHING
        return (Respond(call.context.transaction, reply(request, 100)),)

    def otherwise(failed: Failed, now: float) -> Effects:
        fields: dict[str, Field] = {"op": "park", "reason": failed.reason}
        noted = Note(Event(Happened.STORE_FAILED, now, record.trace, fields))
        # It is in memory and goes on, unless the store took nothing at all.
        return (noted, *(NOTHING if call.context.branches else _send(core, call, now)))

    keep = Persist(Park(call=record), applied=applied, then=then, otherwise=otherwise)
    return (*_hand_on(found, core, call), keep)


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


def _answering(core: Core, found: _Silence, request: Request) -> ResponseContext:
    """Return a context that answers the INVITE as it goes on now."""
    return ResponseContext(found.call.context.transaction, request, to_tag=core.tag())


def _hand_on(found: _Silence, core: Core, call: ParkedCall | ForwardedCall) -> Effects:
    found.call.context.hand_on()
    follow(core, call)
    return found.noted(call.context.request.uri, "account" if isinstance(call, ParkedCall) else "pbx")


def _as_secure_as(request: Request, uri: str) -> str:
    """Return a URI as one of sips, if the call was one (section 26.2.2)."""
    is_sips = request.uri.lower().startswith("sips:") and uri.lower().startswith("sip:")
    return f"sips:{uri[4:]}" if is_sips else uri
