"""Refusals and the capabilities that every answer may state."""

from __future__ import annotations

from ringwake.model.effects import Effects, Note, Respond
from ringwake.model.events import Event, Field, Happened
from ringwake.sip.errors import SipError
from ringwake.sip.message import Request
from ringwake.sip.methods import ACK, BYE, CANCEL, INVITE, KNOWN, MESSAGE, OPTIONS, REGISTER
from ringwake.sip.replies import reply
from ringwake.sip.transactions.servers import ServerTransaction

ALLOW = f"{INVITE}, {ACK}, {CANCEL}, {BYE}, {OPTIONS}, {MESSAGE}, {REGISTER}"
CAPABILITIES = (("allow", ALLOW), ("accept", "application/sdp, text/plain"))
"""Fields of the 200 to an OPTIONS for ourselves (section 11.2)."""
STORE_DOWN = SipError(503, "the store is down", (("retry-after", "5"),))
"""What a request gets that could not be made durable."""


def refuse(transaction: ServerTransaction, request: Request, error: SipError, *, to_tag: str, now: float) -> Effects:
    """Answer a request with the failure that an error stands for, and note why."""
    method = request.method if request.method in KNOWN else "other"
    fields: dict[str, Field] = {"method": method, "status": error.status, "rule": error.rule}
    return (
        Respond(transaction, reply(request, error.status, to_tag=to_tag, headers=error.headers)),
        Note(Event(Happened.REQUEST_REFUSED, now, "", fields)),
    )
