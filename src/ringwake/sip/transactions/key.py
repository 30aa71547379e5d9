"""Which transaction a message belongs to (RFC 3261 sections 17.1.3 and 17.2.3)."""

from __future__ import annotations

from typing import TypeAlias

from ringwake.sip.fields import address
from ringwake.sip.message import Request, Response
from ringwake.sip.methods import ACK, INVITE
from ringwake.sip.via import COOKIE, Via

ServerKey: TypeAlias = tuple[str | int, ...]
ClientKey: TypeAlias = tuple[str, str]


def server_key(request: Request, via: Via, method: str) -> ServerKey:
    """Return the key under which a request's server transaction is known.

    Section 17.2.3 asks for branch, sent-by and method. Call-ID, and the Request-URI of whatever no ACK belongs to, are
    added: a branch that its sender uses twice, or that two private addresses have in common, must not bring somebody
    the answer to another request. They are the same in all that belongs to one transaction (17.1.1.3, 9.1).

    Args:
        request: the request.
        via: its topmost Via.
        method: the request's own, INVITE for an ACK, or INVITE for a CANCEL that looks for what it cancels.

    Raises:
        ParseError: an RFC 2543 request lacks what its matching needs.
    """
    if len(via.branch) > len(COOKIE) and via.branch.startswith(COOKIE):
        uri = "" if method == INVITE else request.uri
        # A hash, so that 300,000 transactions need not keep these texts.
        return (via.branch, via.sent_by, method, hash((request.call_id, uri)))
    # RFC 2543 matching, without the To-tag, which an ACK has and its INVITE has not.
    sequence = str(request.cseq.number)
    tag = address(request.headers, "from").tag
    return ("", str(via.sent_by), method, request.uri, request.call_id, sequence, tag, via.branch)


def own_method(request: Request) -> str:
    """Return the method by which a request matches: an ACK belongs to its INVITE."""
    return INVITE if request.method == ACK else request.method


def client_key(response: Response) -> ClientKey:
    """Return the key under which a response's client transaction is known.

    Raises:
        ParseError: Via or CSeq is malformed.
    """
    return (response.via.branch, response.cseq.method)
