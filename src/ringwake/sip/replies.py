"""Responses built from requests (RFC 3261 section 8.2.6)."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from ringwake.sip.grammar import encode
from ringwake.sip.headers import Headers
from ringwake.sip.message import Request, Response
from ringwake.sip.status import reason


def reply(
    request: Request,
    status: int,
    *,
    to_tag: str = "",
    headers: Iterable[tuple[str, str]] = (),
    body: bytes = b"",
) -> Response:
    """Answer a request. Copies Via, From, To, Call-ID, CSeq and, into a 100, Timestamp.

    Args:
        request: as the transport layer left it (`received` and `rport` filled in).
        status: 100 to 699.
        to_tag: added to a To that has no tag; a 100 needs none (section 8.2.6.2).
        headers: more fields, (key, text).
        body: with a Content-Type among the headers.
    """
    answer = Headers()
    for via in request.headers.texts("via"):
        answer.append("via", via)
    for key in ("from", "to", "call-id", "cseq"):
        text = request.headers.get(key)
        if text is None:
            continue
        if key == "to" and to_tag and not has_tag(text):
            text = f"{text};tag={to_tag}"
        answer.append(key, text)
    if status == 100 and "timestamp" in request.headers:
        answer.append("timestamp", request.headers.get("timestamp") or "")
    for key, text in headers:
        answer.append(key, text)
    return Response(answer, body, status=status, reason=reason(status))


def stateless_reply(request: Request, status: int, *, headers: Iterable[tuple[str, str]] = ()) -> Response:
    """Answer a request that gets no transaction: its retransmissions get the same To-tag (section 8.2.7)."""
    seed = "\0".join(request.headers.get(key) or "" for key in ("via", "from", "to", "call-id", "cseq"))
    return reply(request, status, to_tag=sha256(encode(seed)).hexdigest()[:16], headers=headers)


def has_tag(text: str) -> bool:
    """Tell whether a From or To has a tag parameter, without parsing what may be malformed."""
    return ";tag=" in text.rpartition(">")[2].replace(" ", "").replace("\t", "").lower()
