"""What the final response to a REGISTER of ours means (RFC 3261 sections 10.2.4 to 10.2.8 and 20.33), as a value.

Three things must be told apart: what another REGISTER at once can mend, what will be the same in a minute since it is
about the account, and what is about the state of the PBX.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TypeAlias

from ringwake.sip.address import NameAddr, parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.fields import contact_expires, expires
from ringwake.sip.grammar import split
from ringwake.sip.headers import Headers
from ringwake.sip.message import Response
from ringwake.sip.uri import Uri, parse_uri

LONGEST_PAUSE = 3600
"""Seconds of a Retry-After that are honoured: no PBX has a reason to ask for more, a typing error has."""
_SECONDS = re.compile(r"[0-9]{1,10}")
_REFUSALS = {
    403: "the PBX forbids the registration (403)",
    404: "the PBX does not know the account (404)",
    420: "the PBX wants an extension left out that we do not use (420)",
    423: "the PBX finds every expiry too short (423)",
}
# 5xx that are about what the PBX is, not about how it is (RFC 3261 section 21.5); and 4xx that are no judgement.
_NEVER_WILL = frozenset({501, 505, 513})
_NOT_NOW = frozenset({408, 430, 480})


@dataclass(frozen=True, slots=True)
class Bound:
    """The PBX has our Contact."""

    expires: int
    """Seconds."""


@dataclass(frozen=True, slots=True)
class NotBound:
    """A 2xx that does not name our Contact: whatever the PBX keeps, it is not us."""


@dataclass(frozen=True, slots=True)
class Challenged:
    """401 or 407."""


@dataclass(frozen=True, slots=True)
class BadExtension:
    """420."""


@dataclass(frozen=True, slots=True)
class TooBrief:
    """423."""

    least: int
    """Seconds that the PBX grants at least; 0 when it does not say."""


@dataclass(frozen=True, slots=True)
class Refused:
    """It will be the same in a minute."""

    why: str
    """A plain sentence."""


@dataclass(frozen=True, slots=True)
class Unavailable:
    """The PBX cannot, at the moment."""

    status: int
    retry_after: int = 0
    """Seconds that it asks for; 0 when it does not."""


Answer: TypeAlias = Bound | NotBound | Challenged | BadExtension | TooBrief | Refused | Unavailable


def read(response: Response, *, contact: str, asked: int) -> Answer:
    """Read a final response to a REGISTER.

    Args:
        response: to it.
        contact: the URI of our Contact, as sent.
        asked: the expiry that we asked for, in seconds: that is granted when the PBX names none (section 10.2.4).
    """
    status, headers = response.status, response.headers
    if status < 300:
        return _bound(headers, parse_uri(contact), asked)
    if status in (401, 407):
        return Challenged()
    if status == 420:
        return BadExtension()
    if status == 423:
        return TooBrief(_seconds(headers.get("min-expires")))
    if status in _NOT_NOW or (500 <= status < 600 and status not in _NEVER_WILL):
        return Unavailable(status, min(_seconds(headers.get("retry-after")), LONGEST_PAUSE))
    return refusal(status)


def refusal(status: int) -> Refused:
    """Return what a status says once there is nothing left to try."""
    return Refused(_REFUSALS.get(status) or f"the PBX refuses the registration ({status})")


def _bound(headers: Headers, own: Uri, asked: int) -> Answer:
    found = _own_contact(headers, own)
    if found is None:
        return NotBound()
    granted = next((each for each in (contact_expires(found), expires(headers)) if each is not None), asked)
    return Bound(granted) if granted else NotBound()


def _own_contact(headers: Headers, own: Uri) -> NameAddr | None:
    """Find our Contact: the same URI, or the same user part at another address.

    Asterisk (`rewrite_contact`) and others put the address that the REGISTER came from in the place of the one that it
    named, and add parameters. The user part is ours alone.
    """
    rewritten = None
    for value in _contacts(headers):
        try:
            contact = parse_address(value)
            uri = contact.sip_uri
        except ParseError:
            continue
        if uri.equals(own):
            return contact
        if own.user is not None and uri.user == own.user:
            rewritten = rewritten or contact
    return rewritten


def _contacts(headers: Headers) -> list[str]:
    """Return all Contacts: a PBX lists those of others, too, and a line that cannot be read is not to hide ours."""
    found: list[str] = []
    for text in headers.texts("contact"):
        try:
            found += split(text, ",")
        except ParseError:
            continue
    return found


def _seconds(text: str | None) -> int:
    """Read a whole number; behind that of Retry-After a comment and parameters may stand."""
    found = _SECONDS.match(text or "")
    return int(found[0]) if found else 0
