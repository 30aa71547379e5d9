"""From a phone to its PBX: calls and whatever else goes out; the PBX decides, and asks for credentials end to end."""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.edge.upstream.trouble import UNREACHED
from ringwake.edge.upstream.up import Ascent, send_up
from ringwake.model.account import Aor
from ringwake.model.effects import Effects
from ringwake.model.tenant import Tenant, Upstream
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.loops import check_loop, loop_mark
from ringwake.proxy.routing import record_route
from ringwake.sip.errors import SipError
from ringwake.sip.fields import address
from ringwake.sip.message import Request
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.uri import Uri, parse_uri
from ringwake.sip.via import COOKIE


def tenant_of_call(core: Core, arrived: RequestArrived, uri: Uri) -> Tenant | None:
    """Return the tenant whose PBX decides on a request: that of its sender, else that of whom it is for.

    None when it comes from a PBX, or when nobody is in front of one. A PBX that may take our word for a caller gets the
    calls of its own tenant only, or anybody with an account here could dial out through it: from others its accounts
    are called here.
    """
    if core.trunks.tenant_of(arrived.flow) or (uri.host.strip("[]").lower(), uri.port or 5060) in core.own:
        return None
    sender, callee = _aor(arrived).rpartition("@")[2], uri.host.lower()
    for host in (sender, callee):
        tenant = core.directory.tenant(host)
        if tenant is not None and tenant.upstream is not Upstream.NONE:
            may_trust_us = host != sender and tenant.upstream is not Upstream.PATH
            is_called_here = host == callee and (may_trust_us or core.gate.is_peer(arrived.flow))
            return None if is_called_here else tenant
    return None


def outward(core: Core, arrived: RequestArrived, tenant: Tenant, now: float) -> Effects:
    """Send a request of a phone to its PBX.

    Raises:
        SipError: 403, 407, 482 or 503.
    """
    request = arrived.request
    check_loop(request, core.seal)
    aor = _proven(core, arrived, tenant, now)
    flow = core.trunks.flow(tenant.domain)
    if flow is None:
        raise UNREACHED
    side = record_route(core.sender(request, arrived.flow), core.seal)

    def routes(shift: int) -> tuple[str, str]:
        return record_route(FlowToken(flow, "", tenant.domain, shift=shift), core.seal), side

    def rewrite(again: Request) -> None:
        """The phone is to learn how much higher the PBX counts from now on."""
        values = again.headers.values("record-route")
        again.headers.replace_values("record-route", [*routes(1), *values[2:]])

    ascent = Ascent(
        tenant=tenant,
        aor=aor,
        flow=flow,
        branch=COOKIE + core.ids.hex(24) + loop_mark(request, core.seal),
        record_routes=routes(0),
        rewrite=rewrite,
        lapse=504,
    )
    return send_up(core, arrived, ascent, now)


def _proven(core: Core, arrived: RequestArrived, tenant: Tenant, now: float) -> str:
    """Return whose request it is, if that is proven: nobody else may send where the PBX may take our word for it.

    In `path` it never does: it sees the phone's own Contact, and asks the phone. Elsewhere it may trust our address, or
    we answer for the phone. So that must have registered down this very connection, or know the account's password
    here; a datagram may say to come from anywhere, and is a proof only for accounts that the PBX itself asks.

    Raises:
        SipError: 400, 403, 407 or 503.
    """
    if tenant.upstream is Upstream.PATH:
        return ""
    sender = core.sender(arrived.request, arrived.flow)
    is_known = core.directory.account(Aor(sender.aor)) is not None
    if sender.binding and (arrived.flow.transport.is_reliable or not is_known):
        return sender.aor
    account = core.gate.caller(arrived.request, arrived.flow, now)
    return account.aor if account is not None else ""


def _aor(arrived: RequestArrived) -> str:
    """Return whom a request says to come from, as an address of record; empty when it is none."""
    try:
        return parse_uri(address(arrived.request.headers, "from").uri).aor
    except SipError:
        return ""
