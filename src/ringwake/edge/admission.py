"""Whose REGISTER it is: by the one-time ticket of the push that brought the phone, or by digest (docs/adr/0018).

Another kind of ticket proves a push token, and nobody's name (docs/adr/0029).
"""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.edge.core import Core
from ringwake.model.account import Account
from ringwake.model.push import TICKET_FIELD
from ringwake.model.token_claims import TokenProof
from ringwake.registrar.rules import Refusal
from ringwake.registrar.ticket import Flaw, Ticket
from ringwake.sip.flow import Flow
from ringwake.sip.message import Request
from ringwake.sip.transactions.events import RequestArrived


@dataclass(frozen=True, slots=True)
class Admission:
    """An account that registers itself, and the ticket that was taken for its credentials."""

    account: Account
    ticket: Ticket | None = None
    proof: TokenProof | None = None
    """That a token which it claims is its own. It is no credential."""

    @property
    def only(self) -> str:
        """The one binding that may be refreshed, or empty: all may."""
        return self.ticket.binding if self.ticket else ""

    def failed(self, core: Core) -> None:
        """Nothing came of it: the phone may try again with the same ticket."""
        if self.ticket is not None and core.tickets is not None:
            core.tickets.give_back(self.ticket)


def admit(core: Core, arrived: RequestArrived, now: float) -> Admission:
    """Let an account register itself. A ticket that is no good is as none at all: the challenge follows.

    Raises:
        SipError: 400, 401, 403, 404 or 503.
    """
    request, flow = arrived.request, arrived.flow
    text = request.headers.get(TICKET_FIELD) or ""
    proof = take_proof(core, request, now)
    is_other = bool(text) and proof is Flaw.FORGED
    admission = _by_ticket(core, request, flow, now, text=text) if is_other else None
    return admission or Admission(core.gate.registrant(request, flow, now), proof=proved(proof))


def take_proof(core: Core, request: Request, now: float) -> TokenProof | Flaw:
    """Take out the ticket of a request, and return which token it proves; `FORGED` when it is none of that kind."""
    text = request.headers.get(TICKET_FIELD) or ""
    hide_ticket(request)
    return core.challenges.read(text, wall=core.wall(now)) if text else Flaw.FORGED


def proved(proof: TokenProof | Flaw) -> TokenProof | None:
    """Return the proof, if it is one."""
    return None if isinstance(proof, Flaw) else proof


def hide_ticket(request: Request) -> None:
    """Take out a ticket, so that it goes no further."""
    if TICKET_FIELD in request.headers:
        request.headers.remove(TICKET_FIELD)


def _by_ticket(core: Core, request: Request, flow: Flow, now: float, *, text: str) -> Admission | None:
    """Take a ticket, if it is of the account and the phone that register. The store says whether they do no more."""
    wall, limit = core.wall(now), core.gate.limit
    if core.tickets is None or limit.blocked_for(flow.remote.host, now):
        return None
    ticket = core.tickets.read(text, wall=wall)
    if ticket is Flaw.FORGED:
        limit.failed(flow.remote.host, now)
    if isinstance(ticket, Flaw):
        return None
    account = core.directory.account(ticket.aor)
    if account is None or not core.gate.is_all_of(request, account):
        return None
    plan = core.registrar.plan(request, account, flow, wall)
    if isinstance(plan, Refusal) or not all(ticket.is_for(contact.push) for contact in plan.op.contacts):
        return None
    core.tickets.use(ticket)
    return Admission(account, ticket)
