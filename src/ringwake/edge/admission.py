"""Whose REGISTER it is: by the one-time ticket of the push that brought the phone, or by digest (docs/adr/0018)."""

from __future__ import annotations

from ringwake.edge.core import Core
from ringwake.model.account import Account
from ringwake.model.push import TICKET_FIELD
from ringwake.registrar.rules import Refusal
from ringwake.sip.transactions.events import RequestArrived


def registrant(core: Core, arrived: RequestArrived, now: float) -> Account:
    """Return the account that registers itself. A ticket that is no good is as none at all: the challenge follows.

    Raises:
        SipError: 400, 401, 403, 404 or 503.
    """
    account = _by_ticket(core, arrived, now)
    return core.gate.registrant(arrived.request, arrived.flow, now) if account is None else account


def _by_ticket(core: Core, arrived: RequestArrived, now: float) -> Account | None:
    """Take a ticket, if the REGISTER refreshes that phone's binding and does nothing else."""
    request, wall = arrived.request, core.wall(now)
    text = request.headers.get(TICKET_FIELD)
    request.headers.remove(TICKET_FIELD)
    if not text or core.tickets is None or core.gate.limit.blocked_for(arrived.flow.remote.host, now):
        return None
    ticket = core.tickets.read(text, wall=wall)
    account = core.directory.account(ticket.aor) if ticket else None
    if ticket is None or account is None or not core.gate.is_all_of(request, account):
        return None
    plan = core.registrar.plan(request, account, arrived.flow, wall)
    if isinstance(plan, Refusal) or len(plan.op.contacts) != 1:
        return None
    contact = plan.op.contacts[0]
    if contact.expires <= 0 or not ticket.is_for(contact.push):
        return None
    core.tickets.use(ticket)
    return account
