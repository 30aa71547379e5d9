"""Sending a request again with credentials (RFC 3261 section 22.2, RFC 8760 section 2.4)."""

from __future__ import annotations

from ringwake.model.ports import Ids
from ringwake.sip.digest import Challenge, authorize, parse_challenge
from ringwake.sip.errors import ParseError
from ringwake.sip.message import Request, Response
from ringwake.sip.via import COOKIE
from ringwake.ua.identity import Identity

_FIELDS = {401: ("www-authenticate", "authorization"), 407: ("proxy-authenticate", "proxy-authorization")}


def retry(request: Request, response: Response, identity: Identity, ids: Ids) -> Request | None:
    """Build the request that answers a 401 or 407; None when there is no point in it.

    The topmost challenge that we can answer is taken. Credentials that were refused are not sent again, unless only
    their nonce was stale and there is a new one.

    Args:
        request: as it was sent.
        response: to it.
        identity: ours at the challenger.
        ids: for the branch and the cnonce.
    """
    fields = _FIELDS.get(response.status)
    if fields is None:
        return None
    challenge = _first_known(response, fields[0])
    if challenge is None or not _may_try(challenge, request, fields[1]):
        return None
    again = request.copy()
    again.headers.remove(fields[1])
    via = request.via
    again.headers.replace_first("via", str(via).replace(via.branch, COOKIE + ids.hex(24)))
    sequence = request.cseq
    again.headers.set("cseq", f"{sequence.number + 1} {sequence.method}")
    credentials = authorize(
        challenge,
        username=identity.user,
        password=identity.password.reveal(),
        request=(request.method, request.uri),
        cnonce=ids.hex(16),
    )
    again.headers.append(fields[1], credentials)
    return again


def _first_known(response: Response, key: str) -> Challenge | None:
    for text in response.headers.texts(key):
        try:
            challenge = parse_challenge(text)
        except ParseError:
            continue
        if challenge is not None and challenge.algorithm is not None and (not challenge.qop or "auth" in challenge.qop):
            return challenge
    return None


def _may_try(challenge: Challenge, request: Request, key: str) -> bool:
    """Tell whether the request had no credentials yet, or only their nonce was stale and there is a new one."""
    given = request.headers.texts(key)
    return not given or (challenge.stale and not any(challenge.nonce in text for text in given))
