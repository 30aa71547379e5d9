"""Whose word makes a REGISTER good: ours, or that of the PBX that the tenant has."""

from __future__ import annotations

from ringwake.edge.admission import proved, take_proof
from ringwake.edge.core import Core
from ringwake.edge.register import register
from ringwake.edge.upstream.applicant import Applicant
from ringwake.edge.upstream.contact import register_by_phone
from ringwake.edge.upstream.path import register_through
from ringwake.model.account import Account, Aor
from ringwake.model.effects import Effects
from ringwake.model.tenant import Upstream
from ringwake.proxy.validation import check_registration
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import address
from ringwake.sip.transactions.events import RequestArrived
from ringwake.sip.uri import Uri, parse_uri


def registration(core: Core, arrived: RequestArrived, now: float) -> Effects:
    """Serve a REGISTER by way of its tenant.

    Raises:
        SipError: with the status that answers it.
    """
    check_registration(arrived.request)
    uri = _to(arrived)
    tenant = core.directory.tenant(uri.host.lower()) if uri else None
    if tenant is None or uri is None or tenant.upstream in (Upstream.NONE, Upstream.VAULT):
        return register(core, arrived, now)
    aor = Aor(uri.aor)
    if tenant.upstream is Upstream.CONTACT and core.directory.account(aor) is not None:
        return register(core, arrived, now)
    proof = proved(take_proof(core, arrived.request, now))  # for the PBX, which judges, it is none
    if not core.gate.is_peer(arrived.flow):
        arrived.request.headers.remove("path")  # see edge.register
    recipe = register_through if tenant.upstream is Upstream.PATH else register_by_phone
    guest = Account.guest(aor, tenant.domain)
    return recipe(core, Applicant(arrived=arrived, account=guest, tenant=tenant, came_at=now, proof=proof))


def _to(arrived: RequestArrived) -> Uri | None:
    try:
        return parse_uri(address(arrived.request.headers, "to").uri)
    except ParseError:
        return None
