"""From what a phone says of push, in RFC 8599's words, to its push target (sections 10 to 12).

APNs phones have two tokens. The RFC knows one (`pn-param=TEAM.bundle.voip`, `pn-prid=token`); Linphone's form carries
both (`pn-param=TEAM.bundle.voip&remote`, `pn-prid=a:voip&b:remote`) and is what our softphone sends. Nor does it know
of Apple's sandbox: `apns` means the environment that the application is configured for, `apns.dev` the sandbox alone.
"""

from __future__ import annotations

import re

from ringwake.model.app import SANDBOX, VAPID, AppKey, Provider
from ringwake.model.ports import Directory
from ringwake.model.push import PushTarget, Service
from ringwake.secret import Token
from ringwake.sip.push_params import PushParams

_TOKENS = {
    Provider.APNS: re.compile(r"(?:[0-9A-Fa-f]{2}){8,200}"),
    Provider.FCM: re.compile(r"[A-Za-z0-9_:\-]{8,4096}"),
    Provider.HMS: re.compile(r"[A-Za-z0-9_\-.:]{16,1024}"),
    Provider.HTTP: re.compile(r"[!-~]{1,4096}"),  # what it means is the push server's business
}
# What a push subscription's URL may consist of. Which hosts are allowed is decided where the URL is used.
_ENDPOINT = re.compile(r"https://[A-Za-z0-9.\-\[\]:]+/[!-~]*")
_APNS_SERVICES = {service.value: service for service in (Service.VOIP, Service.REMOTE)}


def push_target(params: PushParams, tenant: str, directory: Directory) -> PushTarget | None:
    """Return the push target, or None when this server cannot push to it.

    None means 555 (RFC 8599 section 5.6.1.1): an unknown service, an application that is not this tenant's, or data
    that the service requires and that is missing or malformed.
    """
    try:
        provider = Provider.APNS if params.provider == SANDBOX else Provider(params.provider)
    except ValueError:
        return None
    if params.prid is None:
        return None
    if provider in VAPID:
        return _subscription(AppKey(provider, tenant), params, directory)
    if params.param is None:
        return None
    name, tokens = _apns(params) if provider is Provider.APNS else (params.param, {Service.ONLY: params.prid})
    key = AppKey(provider, name)
    app = directory.app(key)
    if app is None or app.tenant != tenant or params.provider not in app.words:
        return None
    if not tokens or not all(map(_TOKENS[provider].fullmatch, tokens.values())):
        return None
    if provider is Provider.APNS:
        # Apple reads both cases as one token. Under another spelling a claim would find no holder, and no budget count.
        tokens = {service: value.lower() for service, value in tokens.items()}
    return PushTarget(app=key, tokens=tuple((service, _token(key, value)) for service, value in tokens.items()))


def _subscription(key: AppKey, params: PushParams, directory: Directory) -> PushTarget | None:
    if directory.app(key) is None or params.param is not None or _ENDPOINT.fullmatch(params.prid or "") is None:
        return None
    return PushTarget(app=key, tokens=((Service.ONLY, _token(key, params.prid or "")),))


def _apns(params: PushParams) -> tuple[str, dict[Service, str]]:
    """Return `TEAM.bundle` and the tokens by service; no tokens when the parameters contradict each other."""
    name, _, last = (params.param or "").rpartition(".")
    services = last.split("&")
    if not name or not all(service in _APNS_SERVICES for service in services):
        name, services = params.param or "", [Service.REMOTE.value]
    tokens: dict[Service, str] = {}
    parts = (params.prid or "").split("&")
    for position, part in enumerate(parts):
        value, _, service = part.partition(":")
        if not service and len(parts) == len(services) == 1:
            service = services[position]
        if service not in services or _APNS_SERVICES[service] in tokens:
            return name, {}
        tokens[_APNS_SERVICES[service]] = value
    return name, tokens if len(tokens) == len(services) else {}


def _token(key: AppKey, value: str) -> Token:
    return Token(provider=key.provider.value, app=key.param, value=value)
