"""Linphone before RFC 8599: `pn-type`, `app-id` and `pn-tok` in the Contact URI.

Not tried with a phone of that time. Known from what other servers accept: `app-id` is the bundle id with `.voip` for a
PushKit token and `.prod` or `.dev` for Apple's environment, or Firebase's project; no team is named.
"""

from __future__ import annotations

from ringwake.model.app import SANDBOX, AppKey, Provider
from ringwake.model.push import Service
from ringwake.registrar.dialects.told import Told
from ringwake.sip.grammar import unescape
from ringwake.sip.push_params import PushParams

_GOOGLE = ("firebase", "google")


def linphone(told: Told) -> PushParams | None:
    """Read `<sip:user@host;pn-type=apple;app-id=com.example.phone.voip.prod;pn-tok=token>`.

    None also for an application that the tenant does not have: such a phone does not know 555.
    """
    kind, app_id, token = (unescape(told.uri.params.get(name) or "") for name in ("pn-type", "app-id", "pn-tok"))
    if not token:
        return None
    if kind.lower() == "apple":
        return _apple(told, app_id, token)
    is_ours = any(app.key == AppKey(Provider.FCM, app_id) for app in told.apps)
    if kind.lower() not in _GOOGLE or not is_ours:
        return None
    return PushParams(provider=Provider.FCM.value, param=app_id, prid=token, knows_555=False)


def _apple(told: Told, app_id: str, token: str) -> PushParams | None:
    name, _, environment = app_id.rpartition(".")
    if environment not in ("prod", "dev"):
        name, environment = app_id, "prod"
    bundle = name.removesuffix(f".{Service.VOIP}")
    app = told.with_bundle(bundle)
    if app is None or (environment == "dev" and not app.is_sandbox):
        return None
    service = Service.REMOTE if bundle == name else Service.VOIP
    provider = SANDBOX if environment == "dev" else Provider.APNS.value
    return PushParams(provider=provider, param=f"{app.key.param}.{service}", prid=token, knows_555=False)
