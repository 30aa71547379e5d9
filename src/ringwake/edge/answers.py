"""Refusals and the capabilities that every answer may state."""

from __future__ import annotations

from ringwake.model.effects import Effects, Note, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.sip.errors import SipError
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, BYE, CANCEL, INVITE, KNOWN, MESSAGE, OPTIONS, REGISTER
from ringwake.sip.replies import reply, stateless_reply
from ringwake.sip.transactions.servers import ServerTransaction

ALLOW = f"{INVITE}, {ACK}, {CANCEL}, {BYE}, {OPTIONS}, {MESSAGE}, {REGISTER}"
CAPABILITIES = (("allow", ALLOW), ("accept", "application/sdp, text/plain"))
"""Fields of the 200 to an OPTIONS for ourselves (section 11.2)."""
STORE_DOWN = SipError(503, "the store is down", (("retry-after", "5"),))
"""What a request gets that could not be made durable."""


def turn_away(transaction: ServerTransaction, request: Request, error: SipError, *, now: float) -> Effects:
    """Refuse a request that cost us nothing yet, and keep nothing of it: strangers could fill the memory otherwise.

    Nor is the answer sent again by itself, so nobody is flooded in somebody else's name (reliability S24).
    """
    answer = stateless_reply(request, error.status, headers=error.headers)
    return (Respond(transaction, answer, keep=False), _note(request, error, now))


def refuse(transaction: ServerTransaction, request: Request, error: SipError, *, to_tag: str, now: float) -> Effects:
    """Answer a request with the failure that an error stands for, and note why."""
    return (
        Respond(transaction, reply(request, error.status, to_tag=to_tag, headers=error.headers)),
        _note(request, error, now),
    )


def _note(request: Request, error: SipError, now: float) -> Note:
    method = request.method if request.method in KNOWN else "other"
    fields: dict[str, Field] = {"method": method, "status": error.status, "rule": error.rule}
    return Note(Event(Happened.REQUEST_REFUSED, now, "", fields))
