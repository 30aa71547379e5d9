"""The Reason header field (RFC 3326): why a request was sent, such as a CANCEL."""

from __future__ import annotations

from ringwake.sip.errors import ParseError
from ringwake.sip.grammar import LWS, split
from ringwake.sip.params import Params


def sip_causes(text: str) -> tuple[int, ...]:
    """Return the statuses that the reasons of protocol `SIP` name, in order; none of what cannot be read.

    Args:
        text: values, separated by commas; empty for a request that had none.
    """
    try:
        values = [value.partition(";") for value in split(text, ",")]
        found = [Params.parse(params).get("cause") for name, _, params in values if name.strip(LWS).upper() == "SIP"]
    except ParseError:
        return ()
    return tuple(int(cause) for cause in found if cause is not None and cause.isascii() and cause.isdecimal())
