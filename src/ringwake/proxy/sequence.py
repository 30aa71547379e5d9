"""CSeq of a call whose INVITE we have repeated with credentials: the PBX counts higher than the phone does.

A repeated INVITE needs a CSeq of its own (RFC 3261 section 22.2, or it is taken for a merged request, section 8.2.2.2),
and all that the phone sends in the dialog has to stay above it. So it is raised on the way to the PBX and restored on
the way back; how much is written in our Record-Route. Requests of the PBX have a sequence of their own.
"""

from __future__ import annotations

from ringwake.sip.message import Request, Response

_RACK = "rack"


def raise_sequence(request: Request, shift: int) -> None:
    """Raise CSeq, and the one in RAck (RFC 3262 section 7.2), in a request that goes to the PBX."""
    if not shift:
        return
    sequence = request.cseq
    request.headers.set("cseq", f"{sequence.number + shift} {sequence.method}")
    words = (request.headers.get(_RACK) or "").split()
    if len(words) == 3 and words[1].isascii() and words[1].isdigit():
        request.headers.set(_RACK, f"{words[0]} {int(words[1]) + shift} {words[2]}")


def restore_sequence(response: Response, request: Request) -> Response:
    """Return a response with the CSeq of the request as it came."""
    own = request.headers.get("cseq") or ""
    if response.headers.get("cseq") == own:
        return response
    copy = response.copy()
    copy.headers.set("cseq", own)
    return copy
