"""One request on its way up to the PBX: whose credentials answer for it, and how its CSeq is counted there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from ringwake.edge.core import Core
from ringwake.edge.upstream.standing import reached, standing_of
from ringwake.edge.upstream.upward_relay import Answering, UpwardRelay, drop_credentials
from ringwake.model.account import Aor
from ringwake.model.effects import NOTHING, Effects, Respond
from ringwake.model.tenant import PbxAnswers, Tenant, Upstream
from ringwake.proxy.forking import ResponseContext
from ringwake.proxy.routing import Hop, forward
from ringwake.proxy.sequence import raise_sequence
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.methods import INVITE
from ringwake.sip.replies import reply
from ringwake.sip.transactions.events import RequestArrived
from ringwake.ua.identity import Identity


@dataclass(frozen=True, slots=True, kw_only=True)
class Ascent:
    """How a request goes up."""

    tenant: Tenant
    aor: str
    """Whose request it is, if that is proven; else empty."""
    flow: Flow
    branch: str
    record_routes: tuple[str, ...] = ()
    shift: int = 0
    """See `FlowToken`."""
    rewrite: Callable[[Request], None]
    """Completes the request that we repeat with credentials."""
    lapse: int
    """What the phone hears when nobody answers."""


def send_up(core: Core, arrived: RequestArrived, ascent: Ascent, now: float) -> Effects:
    """Send a request up, and what comes of it down."""
    request = arrived.request
    context = ResponseContext(arrived.transaction, request, to_tag=core.tag(), lapse=ascent.lapse)
    answering = _answering(core, ascent)
    relay = UpwardRelay(context, answering, heard=lambda now: reached(core, ascent.tenant, now))
    owner_id = core.ids.hex(16)
    core.calls.add(owner_id, relay, transaction=arrived.transaction)
    hop = Hop(
        flow=ascent.flow,
        branch=ascent.branch,
        record_routes=ascent.record_routes,
        is_to_pbx=is_asked_by_pbx(core, ascent.tenant, ascent.aor),
    )
    upward = forward(request, hop)
    if answering is not None:
        drop_credentials(upward, answering.realm)
    raise_sequence(upward, ascent.shift)
    effects = relay.begin("", upward, ascent.flow, now)
    trying = (Respond(arrived.transaction, reply(request, 100)),) if request.method == INVITE else NOTHING
    return (*trying, *core.calls.keep(owner_id, effects, now))


def is_asked_by_pbx(core: Core, tenant: Tenant, aor: str) -> bool:
    """Tell whether a phone's credentials are meant for the PBX: not where it has to give them to us."""
    if tenant.upstream is Upstream.CONTACT:
        return core.directory.account(Aor(aor)) is None
    return tenant.upstream is Upstream.PATH


def _answering(core: Core, ascent: Ascent) -> Answering | None:
    """Return what the PBX's challenge is answered with, if we hold a login for whoever sends."""
    tenant = ascent.tenant
    account = core.directory.account(Aor(ascent.aor)) if tenant.upstream is Upstream.VAULT else None
    if account is None or account.pbx is None or tenant.pbx_answers is PbxAnswers.NEVER:
        return None
    # What registrations were asked for is the PBX's realm: one that asks for nothing there is not answered here. It is
    # the same for all accounts, and one that is still to be registered may call.
    realm = account.pbx.realm or standing_of(core, tenant).realm
    login = Identity(user=account.pbx.user, domain=tenant.domain, password=account.pbx.password)
    if not realm:
        return None
    is_patient = tenant.pbx_answers is PbxAnswers.ALWAYS
    return Answering(login=login, realm=realm, ids=core.ids, rewrite=ascent.rewrite, is_patient=is_patient)
