"""The Proxy Unique Registration Reference (RFC 8599 section 6.2.1): by which a dialog's other side may wake a phone.

A phone puts the one that it last got into the Contact of a dialog; who is in that dialog sends it back to us in the
Request-URI. It is sealed, so none can be made up, and no two of them look alike, so nobody can tell by them whether two
dialogs are those of one phone. It names the binding: what the phone may have registered since counts, not what it was.
"""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.model.account import Aor
from ringwake.model.ports import Ids, Seal
from ringwake.sip.address import parse_address
from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import unescape
from ringwake.sip.message import Request
from ringwake.sip.uri import Uri, parse_uri

_PURPOSE = "purr"
_PARAM = "pn-purr"
_NONCE_DIGITS = 24
# All are of a few lengths: by its own, a name of a certain length could be recognised.
_BLOCK = 48


@dataclass(frozen=True, slots=True)
class Purr:
    """A phone, as a PURR names it."""

    binding: str
    """Id of its binding."""
    aor: Aor
    """The binding's address of record."""

    def seal(self, seal: Seal, ids: Ids) -> str:
        """Write a fresh PURR: another text each time, all of which stay good as long as the keys do."""
        text = f"{ids.hex(_NONCE_DIGITS)} {self.binding} {self.aor}".encode("utf-8", "surrogateescape")
        return seal.seal(_PURPOSE, text + b" " * (-len(text) % _BLOCK))

    @classmethod
    def open(cls, seal: Seal, text: str) -> Purr | None:
        """Read a PURR; None when it is not one of ours: then it is another proxy's, and no concern of ours."""
        payload = seal.open(_PURPOSE, text)
        if payload is None:
            return None
        _, binding, aor = payload.decode("utf-8", "surrogateescape").rstrip(" ").split(" ", 2)
        return cls(binding, Aor(aor))


def purr_of(request: Request, seal: Seal) -> Purr | None:
    """Return the PURR of ours that a request carries, in its Request-URI or in a Route value (section 6.2.3).

    Raises:
        ParseError: the Request-URI is no SIP URI.
    """
    found = _of_uri(parse_uri(request.uri), seal)
    if found is not None or not any(_PARAM in text.lower() for text in request.headers.texts("route")):
        return found
    routes = (_of_uri(_uri(value), seal) for value in request.headers.values("route"))
    return next((purr for purr in routes if purr is not None), None)


def _uri(value: str) -> Uri | None:
    try:
        return parse_address(value).sip_uri
    except ParseError:
        return None


def _of_uri(uri: Uri | None, seal: Seal) -> Purr | None:
    text = uri.params.get(_PARAM) if uri is not None else None
    return Purr.open(seal, unescape(text)) if text else None
