"""`upstream = "path"`: REGISTER goes through to the PBX, with our Path on it (RFC 3327, RFC 8599 section 5.6.1)."""

from __future__ import annotations

from dataclasses import replace

from ringwake.edge.answers import STORE_DOWN, refuse
from ringwake.edge.core import Core
from ringwake.edge.register import refusal_of, registered, with_wakes
from ringwake.edge.upstream.applicant import Applicant
from ringwake.edge.upstream.trouble import UNREACHED, sentence, trouble
from ringwake.model.effects import NOTHING, Effects, Forward, Note, Persist, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.model.store_ops import Failed, OutOfOrder, Registered, StrangeToken, TooManyAccounts
from ringwake.proxy.flow_token import FlowToken
from ringwake.proxy.loops import check_loop, loop_mark
from ringwake.proxy.purr import Purr
from ringwake.proxy.routing import Hop, forward, path_value, strip_tokens
from ringwake.registrar.passing import judged, named, passed_on
from ringwake.registrar.rules import Plan, Refusal
from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.fields import option_tags
from ringwake.sip.flow import Flow
from ringwake.sip.grammar import split
from ringwake.sip.message import Request, Response
from ringwake.sip.outbound import PATH
from ringwake.sip.push_params import feature_caps
from ringwake.sip.transactions.events import Failure, RequestArrived
from ringwake.sip.uri import Uri
from ringwake.sip.via import COOKIE
from ringwake.wake.owner import Owner

UNASKED = "the PBX has asked for no password: whoever registers through us is believed"
SHORT = "the PBX grants less than an hour, so the phone may not sleep"


def register_through(core: Core, applicant: Applicant) -> Effects:
    """Send a REGISTER on to the PBX, which says who may register, and for how long.

    Raises:
        SipError: 400, 423, 439, 482, 503 or 555.
    """
    arrived, account, tenant, now = applicant.arrived, applicant.account, applicant.tenant, applicant.came_at
    check_loop(arrived.request, core.seal)
    plan = core.registrar.passing().plan(arrived.request, account, arrived.flow, core.wall(now))
    if isinstance(plan, Refusal):
        raise SipError(plan.status, plan.rule, plan.headers)
    flow = core.trunks.flow(tenant.domain)
    if flow is None:
        raise UNREACHED
    contacts = tuple(named(with_wakes(core, contact), account.aor, core.seal) for contact in plan.op.contacts)
    plan = replace(plan, op=replace(plan.op, contacts=contacts, proof=applicant.proof))
    passage = Passage(core, applicant, plan)
    owner_id = core.ids.hex(16)
    core.calls.add(owner_id, passage, transaction=arrived.transaction)
    sent = (Forward(_upward(core, arrived, plan, flow), flow),)
    return core.calls.keep(owner_id, sent, now)


def _upward(core: Core, arrived: RequestArrived, plan: Plan, flow: Flow) -> Request:
    """Build the REGISTER that the PBX gets."""
    bound = [contact.new_id for contact in plan.op.contacts if contact.expires > 0]
    token = FlowToken(flow, bound[0] if len(bound) == 1 else "", plan.op.aor, is_path=True)
    branch = COOKIE + core.ids.hex(24) + loop_mark(arrived.request, core.seal)
    upward = forward(arrived.request, Hop(flow=flow, branch=branch, is_to_pbx=True))
    headers = upward.headers
    keeps_flow = len(arrived.request.headers.values("via")) == 1 and any(c.reg_id for c in plan.op.contacts)
    headers.push("path", path_value(token, core.seal, keeps_flow=keeps_flow))
    if PATH not in option_tags(headers, "supported"):
        headers.append("supported", PATH)  # few phones say so, and Asterisk answers 420 without it
    for promise in plan.caps:
        headers.push("feature-caps", feature_caps(promise.provider))
    return upward


class Passage(Owner):
    """A REGISTER on its way to the PBX and back."""

    def __init__(self, core: Core, applicant: Applicant, plan: Plan) -> None:
        self._core, self._plan = core, plan
        self._arrived, self._tenant, self._came_at = applicant.arrived, applicant.tenant, applicant.came_at
        self._is_answered = False

    def response(self, branch_id: str, response: Response, now: float) -> Effects:
        """Pass the PBX's answer on; what it grants is on disk first."""
        del branch_id
        if response.status < 200 or self._is_answered:
            return NOTHING
        self._is_answered = True
        if response.status >= 300:
            return self._turn_down(response, now)
        core = self._core
        plan = judged(self._plan, response, core.registrar.refresh_after, core.wall(now))
        return self._commit(plan, response)

    def failed(self, branch_id: str, failure: Failure, now: float) -> Effects:
        """The PBX has not answered. A 408 would be late (RFC 4320 section 4.2)."""
        del branch_id, failure
        if self._is_answered:
            return NOTHING
        self._is_answered = True
        return (*trouble(self._tenant, self._plan.op.aor, None, now), *self._refuse(UNREACHED, now))

    @property
    def is_settled(self) -> bool:
        """Whether the PBX has answered."""
        return self._is_answered

    def _turn_down(self, response: Response, now: float) -> Effects:
        said = trouble(self._tenant, self._plan.op.aor, response, now)
        if response.status in (420, 503):  # it speaks of us, and not of what the phone has asked for
            return (*said, *self._refuse(SipError(500, sentence(response.status)), now))
        return (*said, Respond(self._arrived.transaction, _downward(self._core, response)))

    def _commit(self, plan: Plan, ok: Response) -> Effects:
        core, arrived = self._core, self._arrived

        def then(result: Registered | OutOfOrder | TooManyAccounts | StrangeToken, now: float) -> Effects:
            if not isinstance(result, Registered):
                return self._refuse(refusal_of(result), now)
            kept, down = plan.kept(result), _downward(core, ok)
            answer = passed_on(down, kept, result, lambda b: Purr(b.id, b.aor).seal(core.seal, core.ids))
            done = registered(core, plan, result, now, came_at=self._came_at)
            return (Respond(arrived.transaction, answer), *done, *self._stands(plan, now))

        def otherwise(failed: Failed, now: float) -> Effects:
            note = Note(Event(Happened.STORE_FAILED, now, "", {"op": "register", "reason": failed.reason}))
            return (note, *self._refuse(STORE_DOWN, now))

        return (Persist(plan.op, then=then, otherwise=otherwise),)

    def _stands(self, plan: Plan, now: float) -> Effects:
        """Tell how the account stands at the PBX, and of a phone that cannot be promised a push."""
        granted = [int(contact.expires) for contact in plan.op.contacts if contact.expires > 0]
        fields: dict[str, Field] = {"tenant": self._tenant.domain, "aor": str(plan.op.aor)}
        if not plan.op.contacts and not plan.op.remove_all:
            return NOTHING  # it has only asked
        if not granted:
            return (Note(Event(Happened.PBX_LEFT, now, "", fields)),)
        both = zip(self._plan.op.contacts, plan.op.contacts, strict=True)
        is_short = any(before.push and not after.push for before, after in both)
        until = self._core.time_of_day(now + min(granted))
        what, reason = Happened.PBX_REGISTERED, f"registered at the PBX until {until}"
        if "authorization" not in self._arrived.request.headers:
            what, reason = Happened.PBX_ASKED_NOBODY, UNASKED
        elif is_short:
            what, reason = Happened.PBX_GRANTED_LITTLE, SHORT
        fields |= {"expires": min(granted), "reason": reason}
        return (Note(Event(what, now, "", fields)),)

    def _refuse(self, error: SipError, now: float) -> Effects:
        return refuse(self._arrived.transaction, self._arrived.request, error, to_tag=self._core.tag(), now=now)


def _downward(core: Core, response: Response) -> Response:
    """Return the PBX's answer as the phone gets it: without our Path, which is a secret between the PBX and us."""
    answer = response.copy()
    answer.headers.drop_first("via")
    answer.headers.rewrite(lambda key, text: _without_our_path(core, text) if key == "path" else text)
    strip_tokens(answer)
    return answer


def _without_our_path(core: Core, text: str) -> str:
    try:
        values = [value for value in split(text, ",") if not _is_ours(core, parse_address(value).sip_uri)]
    except ParseError:
        return ""
    return ", ".join(values)


def _is_ours(core: Core, uri: Uri) -> bool:
    return bool(uri.user) and FlowToken.open(core.seal, uri.user or "") is not None
