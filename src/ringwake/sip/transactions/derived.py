"""Requests that a client transaction derives from its INVITE: ACK to a failure, and CANCEL."""

from __future__ import annotations

from ringwake.sip.fields import DEFAULT_MAX_FORWARDS
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, CANCEL


def ack_to_failure(invite: Request, response: Response) -> Request:
    """Build the ACK to a 300-699 (RFC 3261 section 17.1.1.3): To from the response, the rest from the INVITE."""
    return _derive(invite, ACK, response.headers.get("to") or "")


def cancel(invite: Request, reason: str) -> Request:
    """Build the CANCEL of an INVITE (section 9.1), with a Reason (RFC 3326) unless it is empty."""
    request = _derive(invite, CANCEL, invite.headers.get("to") or "")
    if reason:
        request.headers.append("reason", reason)
    return request


def _derive(invite: Request, method: str, to: str) -> Request:
    headers = Headers()
    headers.append("via", invite.headers.values("via")[0])
    headers.append("max-forwards", str(DEFAULT_MAX_FORWARDS))
    for route in invite.headers.texts("route"):
        headers.append("route", route)
    headers.append("from", invite.headers.get("from") or "")
    headers.append("to", to)
    headers.append("call-id", invite.call_id)
    headers.append("cseq", f"{invite.cseq.number} {method}")
    return Request(headers, method=method, uri=invite.uri)
