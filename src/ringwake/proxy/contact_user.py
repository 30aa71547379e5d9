"""The user part of our Contact at a PBX: it names an account to us, and says nothing to anybody else.

It is the same text each time, for as long as the keys are, so that the PBX knows each refresh for one.
"""

from __future__ import annotations

from ringwake.model.account import Aor
from ringwake.model.ports import Seal
from ringwake.sip.uri import Uri

_PURPOSE = "contact"


def contact_user(aor: Aor, seal: Seal) -> str:
    """Write it."""
    return seal.seal(_PURPOSE, aor.encode("utf-8", "surrogateescape"))


def opened_contact(uri: Uri, seal: Seal) -> Aor | None:
    """Return the account that a URI names in this way; None when we did not write it."""
    payload = seal.open(_PURPOSE, uri.user) if uri.user else None
    return None if payload is None else Aor(payload.decode("utf-8", "surrogateescape"))
