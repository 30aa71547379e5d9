"""RFC 8599 section 8.7: `pn-provider`, `pn-param` and `pn-prid` in the Contact URI (Linphone, PJSIP, SIP.js)."""

from __future__ import annotations

from ringwake.registrar.dialects.told import Told
from ringwake.sip.push_params import PushParams, push_params


def uri_params(told: Told) -> PushParams | None:
    """Read `<sip:user@host;pn-provider=fcm;pn-param=project;pn-prid=token>`."""
    return push_params(told.uri)
