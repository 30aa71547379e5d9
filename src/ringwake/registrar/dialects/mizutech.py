"""MizuTech's header field `X-MPUSH: letter:package:token` in the REGISTER.

Read from the vendor's documents, not tried with one of its phones. The letter is `i` on iPhones and `a` on Android. The
iPhone app takes calls by PushKit, so its token is taken for a VoIP token; a build that takes them by Firebase sends `i`
with a token that is no hex number. The package says nothing about the Firebase project.
"""

from __future__ import annotations

import re

from ringwake.model.app import Provider
from ringwake.model.push import Service
from ringwake.registrar.dialects.told import Told
from ringwake.sip.push_params import PushParams

_HEX = re.compile(r"[0-9A-Fa-f]+")


def mizutech(told: Told) -> PushParams | None:
    """Read `i:com.example.phone:token`; the token may have colons.

    None also where the tenant has no such application, or several projects that could be meant: such a phone does not
    know 555.
    """
    letter, _, rest = told.header.strip().partition(":")
    package, _, token = rest.partition(":")
    if letter.lower() not in ("a", "i") or not token:
        return None
    if letter.lower() == "i" and _HEX.fullmatch(token):
        app = told.with_bundle(package)
        param = f"{app.key.param}.{Service.VOIP}" if app else ""
    else:
        app = told.only_app(Provider.FCM)
        param = app.key.param if app else ""
    if app is None:
        return None
    return PushParams(provider=app.key.provider.value, param=param, prid=token, knows_555=False)
