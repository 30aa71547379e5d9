"""The Replaces header field of an INVITE (RFC 3891): the dialog in whose place the new call comes."""

from __future__ import annotations

from dataclasses import dataclass

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS
from ringwake.sip.headers import Headers
from ringwake.sip.params import Params

REPLACES = "replaces"
"""The option tag (section 6.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Replaces:
    """A dialog, as its receiver knows it."""

    call_id: str
    to_tag: str
    """The receiver's own tag."""
    from_tag: str
    """The other side's tag."""
    early_only: bool = False
    """Whether a dialog that was answered is to be left alone."""


def replaces(headers: Headers) -> Replaces | None:
    """Read Replaces; None when there is none.

    Raises:
        ParseError: it is malformed, or stands there more than once (section 3).
    """
    texts = headers.texts("replaces")
    if not texts:
        return None
    if len(texts) > 1:
        raise ParseError("Replaces stands twice")
    call_id, _, rest = texts[0].partition(";")
    params = Params.parse(rest)
    to_tag, from_tag = params.get("to-tag"), params.get("from-tag")
    call_id = call_id.strip(LWS)
    if not call_id or not to_tag or not from_tag:
        raise ParseError("Replaces names no dialog")
    return Replaces(call_id=call_id, to_tag=to_tag, from_tag=from_tag, early_only="early-only" in params)
