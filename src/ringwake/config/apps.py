"""The rules of `[[app]]`: what each push service needs, and to whom an application belongs."""

from __future__ import annotations

import re

from ringwake.config.app_section import AppSection
from ringwake.config.error import ConfigError

_NEEDS = {
    "apns": ("param", "key_file", "key_id"),
    "fcm": ("param", "service_account"),
    "webpush": ("vapid_key_file",),
    "unifiedpush": ("vapid_key_file",),
    "hms": ("param", "secret_file"),
    "http": ("param", "endpoint", "secret_file"),
}
# `endpoint` and `ca_file` are for all, so that one block serves a laboratory; `subject` has a default.
_OWN = ("param", "key_file", "key_id", "service_account", "vapid_key_file", "secret_file")
_APNS_PARAM = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9.\-]+")
_PROJECT = re.compile(r"[A-Za-z0-9.:\-]+")


def check_apps(apps: list[AppSection], domains: list[str]) -> None:
    """Check the applications of tenants with these domains.

    Raises:
        ConfigError: with place and mend.
    """
    seen: dict[tuple[str, str], int] = {}
    for number, app in enumerate(apps):
        place = f"app[{number}]"
        if app.tenant.lower() not in domains:
            raise ConfigError(f'{place}.tenant: there is no tenant "{app.tenant}": add [[tenant]] with that domain')
        _check_app(app, place)
        first = seen.setdefault((app.provider, app.param or app.tenant.lower()), number)
        if first != number:
            raise ConfigError(f"{place}: the same application as app[{first}], and it has one tenant: remove one")


def _check_app(app: AppSection, place: str) -> None:
    for name in _OWN:
        is_needed = name in _NEEDS[app.provider]
        if is_needed and not getattr(app, name):
            raise ConfigError(f"{place}.{name}: {app.provider} needs it: add it")
        if not is_needed and getattr(app, name):
            raise ConfigError(f"{place}.{name}: {app.provider} has no use for it: remove it")
    if app.sandbox and app.provider != "apns":
        raise ConfigError(f"{place}.sandbox: {app.provider} has none: remove it")
    if app.provider == "apns" and _APNS_PARAM.fullmatch(app.param) is None:
        raise ConfigError(f'{place}.param: not TEAMID.bundle: write it like "AB12CD34EF.com.example.phone"')
    if app.provider == "apns" and app.param.endswith(".voip"):
        raise ConfigError(f"{place}.param: the phone adds .voip itself: remove it")
    if app.provider == "fcm" and _PROJECT.fullmatch(app.param) is None:
        raise ConfigError(f'{place}.param: no project id: write it like "example-phone"')
    if app.endpoint and not app.endpoint.startswith("https://"):
        raise ConfigError(f'{place}.endpoint: not https: write it like "https://127.0.0.1:8443"')
