"""The dialects in which phones tell of their push tokens, as a table: each one turns into RFC 8599's words.

A new one is a file beside these and a line here. docs/reference/dialects.md shows what phones send.
"""

from __future__ import annotations

from collections.abc import Callable

from ringwake.registrar.dialects.contact_params import contact_params
from ringwake.registrar.dialects.linphone import linphone
from ringwake.registrar.dialects.mizutech import mizutech
from ringwake.registrar.dialects.told import Told
from ringwake.registrar.dialects.uri_params import uri_params
from ringwake.sip.push_params import PushParams

DIALECTS: tuple[Callable[[Told], PushParams | None], ...] = (uri_params, contact_params, linphone, mizutech)
"""In the order in which they are tried: the first that finds its own words is believed."""


def understand(told: Told) -> PushParams | None:
    """Return what a phone says of push, or None when it says nothing."""
    return next((found for read in DIALECTS if (found := read(told)) is not None), None)
