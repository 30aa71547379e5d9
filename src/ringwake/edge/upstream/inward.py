"""From the PBX to a phone: by the Path or the Contact that the PBX was given."""

from __future__ import annotations

from dataclasses import replace

from ringwake.edge.answers import CAPABILITIES
from ringwake.edge.core import Core
from ringwake.edge.invite import invite
from ringwake.edge.message import message
from ringwake.edge.stand_alone import stand_alone
from ringwake.edge.upstream.standing import called_by_pbx
from ringwake.model.account import Aor
from ringwake.model.effects import Effects, Respond
from ringwake.proxy.loops import check_loop
from ringwake.sip.errors import SipError
from ringwake.sip.fields import CSeq, address
from ringwake.sip.message import Request
from ringwake.sip.methods import INVITE, MESSAGE, OPTIONS
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.wake.parked_call import ParkedCall


def from_pbx(core: Core, arrived: RequestArrived, aor: Aor, now: float, *, only: str = "") -> Effects:
    """Serve a request that names us by what only the PBX was given: it is for an account, or for one phone of it.

    Raises:
        SipError: 403 when it is not the PBX that has sent it; 404, 482.
    """
    domain = aor.rpartition("@")[2]
    if core.trunks.is_near(arrived.flow, domain):
        if arrived.flow.transport.is_reliable:
            # It may have dialled us from any port, and close that connection at any time: what the phone sends in the
            # dialog goes the way that we keep open. The answer goes back where the request came from. A datagram's
            # port is one at which it listens, and maybe that of another program of the PBX.
            arrived = replace(arrived, flow=core.trunks.flow(domain) or arrived.flow)
    elif not core.gate.is_listed(arrived.flow):
        raise SipError(403, "only the PBX goes by our Path and our Contact")
    account = core.account(aor)
    if account is None:
        raise SipError(404, "no such account")
    check_loop(arrived.request, core.seal)
    if arrived.request.method == OPTIONS:
        # PBXs ask each minute whether a phone is there. It is: it would be woken for a call, and not for this.
        return (Respond(arrived.transaction, reply(arrived.request, 200, headers=CAPABILITIES, to_tag=core.tag())),)
    if not only:
        _check_merged(core, arrived, aor)
    called = called_by_pbx(core, aor, now)
    if arrived.request.method == MESSAGE:
        return (*called, *message(core, arrived, account, now, only=only))
    recipe = invite if arrived.request.method == INVITE else stand_alone
    return (*called, *recipe(core, arrived, account, now, only=only))


def _check_merged(core: Core, arrived: RequestArrived, aor: Aor) -> None:
    """Refuse a call that is under way already (section 8.2.2.2).

    A PBX that still has a Contact of ours from before an address changed calls both, and the phone would ring twice.

    Raises:
        SipError: 482.
    """
    asked = _identity(arrived.request)
    calls = (owner for _, owner in core.calls.calling(aor) if isinstance(owner, ParkedCall))
    if any(_identity(call.context.request) == asked for call in calls):
        raise SipError(482, "this call has come by another Contact of ours already")


def _identity(request: Request) -> tuple[str, CSeq, str | None]:
    return request.call_id, request.cseq, address(request.headers, "from").tag
