"""What a MESSAGE carries, as far as that decides whom it wakes: most are for a person, some only for an app.

Its body is passed on octet for octet whatever it is, and nothing of it is kept apart.
"""

from __future__ import annotations

from enum import Enum

from ringwake.sip.message import Request

_CPIM = "message/cpim"
_LOOKED_AT = 8192
"""Octets at the beginning of a message/cpim that its header fields are looked for in."""


class Content(Enum):
    """What is in it."""

    SAID = "said"
    """Something for a person, of any type: it wakes phones and is listed."""
    COMPOSING = "composing"
    """That somebody writes (RFC 3994): of no use in a minute, so it is neither kept nor wakes anybody."""
    DISPOSITION = "disposition"
    """That a message was delivered or read (RFC 5438): kept for each phone, but none is woken for it."""


_TYPES = {
    "application/im-iscomposing+xml": Content.COMPOSING,
    "message/imdn+xml": Content.DISPOSITION,
}


def content_of(request: Request) -> Content:
    """Tell what a MESSAGE carries, also inside a message/cpim (RFC 3862); what cannot be read is for a person."""
    media = _media_type(request.headers.get("content-type") or "")
    if media == _CPIM:
        media = _media_type(_wrapped(request.body))
    return _TYPES.get(media, Content.SAID)


def _media_type(text: str) -> str:
    return "".join(text.partition(";")[0].split()).lower()


def _wrapped(body: bytes) -> str:
    """Return the Content-Type inside a message/cpim: in its second block of header fields (RFC 3862 section 2.1)."""
    text = body[:_LOOKED_AT].decode("latin-1").replace("\r\n", "\n")
    _, _, rest = text.partition("\n\n")
    fields = f"\n{rest}".partition("\n\n")[0].replace("\n ", " ").replace("\n\t", " ")
    for line in fields.split("\n"):
        name, _, value = line.partition(":")
        if name.strip().lower() == "content-type":
            return value
    return ""
