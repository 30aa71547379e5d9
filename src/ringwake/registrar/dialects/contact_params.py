"""The same parameters behind the angle brackets: JsSIP has no way to write them into the Contact URI."""

from __future__ import annotations

from ringwake.registrar.dialects.told import Told
from ringwake.sip.push_params import PushParams, header_push_params


def contact_params(told: Told) -> PushParams | None:
    """Read `<sip:user@host>;pn-provider=webpush;pn-prid="https://..."`."""
    return header_push_params(told.contact)
