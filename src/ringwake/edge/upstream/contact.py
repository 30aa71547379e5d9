"""`upstream = "contact"`: the PBX knows one Contact of ours for each account, by the credentials of its phones.

An account that has a password here is asked for it here (`edge.register`). For all others the PBX's challenge goes down
to the phone and the phone's answer up to the PBX: its 200 proves who the phone is, if the PBX has asked at all.
"""

from __future__ import annotations

from dataclasses import replace

from ringwake.edge.admission import Admission
from ringwake.edge.answers import refuse
from ringwake.edge.core import Core
from ringwake.edge.register import commit, with_wakes
from ringwake.edge.upstream.applicant import Applicant
from ringwake.edge.upstream.standing import Standing, asked, standing_of
from ringwake.edge.upstream.trouble import UNREACHED, sentence, trouble
from ringwake.model.account import Aor
from ringwake.model.binding import Binding
from ringwake.model.effects import NOTHING, Effects, Persist, Respond
from ringwake.model.store_ops import ListBindings
from ringwake.registrar.merge import is_same
from ringwake.registrar.rules import Plan, Refusal
from ringwake.sip.digest import parse_challenge, parse_credentials
from ringwake.sip.errors import ParseError, SipError
from ringwake.sip.message import Request, Response
from ringwake.sip.replies import reply

_CHALLENGES = {401: "www-authenticate", 407: "proxy-authenticate"}
UNPROVEN = SipError(
    403, "the PBX has asked for no password, so nobody has proven to be this account: give it a password in ringwake"
)


def register_by_phone(core: Core, applicant: Applicant) -> Effects:
    """Let the PBX judge a REGISTER; what it takes is bound here, for as long as we say.

    Raises:
        SipError: 400, 423, 439, 503 or 555.
    """
    arrived, account, tenant, now = applicant.arrived, applicant.account, applicant.tenant, applicant.came_at
    plan = core.registrar.plan(arrived.request, account, arrived.flow, core.wall(now))
    if isinstance(plan, Refusal):
        raise SipError(plan.status, plan.rule, plan.headers)
    contacts = tuple(with_wakes(core, contact) for contact in plan.op.contacts)
    judged = _Judged(core, applicant, replace(plan, op=replace(plan.op, contacts=contacts, proof=applicant.proof)))
    if core.trunks.flow(tenant.domain) is None:
        raise UNREACHED
    # Whether it is the last phone that leaves decides what the PBX is asked.
    op = ListBindings(aor=account.aor, wall=core.wall(now))
    return (Persist(op, applied=judged.send),)


class _Judged:
    """A REGISTER that waits for the PBX's word."""

    def __init__(self, core: Core, applicant: Applicant, plan: Plan) -> None:
        self._core, self._plan = core, plan
        self._arrived, self._account = applicant.arrived, applicant.account
        self._tenant, self._came_at = applicant.tenant, applicant.came_at
        self._standing: Standing = standing_of(core, applicant.tenant)
        self._proof = ""
        self._is_bound = False

    def send(self, bindings: tuple[Binding, ...], now: float) -> Effects:
        """Ask the PBX, with the phone's answer to its challenge if there is one."""
        aor = self._account.aor
        self._proof = _answer_to(self._standing, aor, self._arrived.request)
        self._is_bound = bool(bindings)
        leaves = _is_last(self._plan, bindings)
        sent = self._standing.ask(aor, self._proof, self.answered, now, leaves=leaves)
        return asked(self._core, self._tenant, sent, now) if sent else self._refuse(UNREACHED, now)

    def answered(self, response: Response | None, now: float) -> Effects:
        """Take the PBX's word."""
        aor = self._account.aor
        if response is None:
            return (*trouble(self._tenant, aor, None, now), *self._refuse(UNREACHED, now))
        if response.status in _CHALLENGES:
            return self._challenge(response)
        said = trouble(self._tenant, aor, response, now)
        if response.status >= 500:
            return (*said, *self._refuse(SipError(500, sentence(response.status)), now))
        if response.status >= 300:
            return (*said, *self._refuse(SipError(response.status, sentence(response.status)), now))
        if not self._proof:
            return (*self._take_back(now), *self._refuse(UNPROVEN, now))
        admission = Admission(self._account)
        return commit(self._core, self._arrived, self._plan, admission, came_at=self._came_at)

    def _take_back(self, now: float) -> Effects:
        """Let the PBX forget a Contact that nobody had the right to."""
        if self._is_bound:
            return NOTHING
        return asked(self._core, self._tenant, self._standing.leave(self._account.aor, now), now)

    def _challenge(self, response: Response) -> Effects:
        """Hand the PBX's challenge to the phone, as what it is at a registrar."""
        challenges = response.headers.texts(_CHALLENGES[response.status])
        for text in challenges:
            if nonce := _nonce_of(text):
                self._standing.nonces.add((self._account.aor, nonce))
        headers = [("www-authenticate", text) for text in challenges]
        answer = reply(self._arrived.request, 401, to_tag=self._core.tag(), headers=headers)
        return (Respond(self._arrived.transaction, answer),)

    def _refuse(self, error: SipError, now: float) -> Effects:
        return refuse(self._arrived.transaction, self._arrived.request, error, to_tag=self._core.tag(), now=now)


def _answer_to(standing: Standing, aor: Aor, request: Request) -> str:
    """Return the credentials that answer a challenge of the PBX; all others are nothing to it, and prove nothing."""
    for text in request.headers.texts("authorization"):
        try:
            given = parse_credentials(text)
        except ParseError:
            continue
        if given is not None and (aor, given.nonce) in standing.nonces:
            return text
    return ""


def _nonce_of(text: str) -> str:
    try:
        challenge = parse_challenge(text)
    except ParseError:
        return ""
    return challenge.nonce if challenge else ""


def _is_last(plan: Plan, bindings: tuple[Binding, ...]) -> bool:
    """Tell whether a REGISTER takes the account's last binding away."""
    if plan.op.remove_all:
        return True
    if not plan.op.contacts or any(contact.expires > 0 for contact in plan.op.contacts):
        return False
    return all(any(is_same(binding, contact) for contact in plan.op.contacts) for binding in bindings)
