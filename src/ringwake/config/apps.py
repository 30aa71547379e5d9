"""The rules of `[[app]]`: what each push service needs, and to whom an application belongs."""

from __future__ import annotations

import re

from ringwake.config.app_section import AppSection
from ringwake.config.error import ConfigError
from ringwake.config.texts import extra_of, texts_of

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
# What a service may have and need not; `sandbox` is Apple's alone too.
_MAY = {
    "services": ("webpush", "unifiedpush"),
    "other_endpoint": ("apns",),
    "token_endpoint": ("hms",),
    "project": ("hms",),
}
_APNS_PARAM = re.compile(r"[A-Z0-9]{10}\.[A-Za-z0-9.\-]+")
_PROJECT = re.compile(r"[A-Za-z0-9.:\-]+")
_HUAWEI_ID = re.compile(r"[0-9]{6,24}")
_NAME = re.compile(r"[A-Za-z0-9._\-]{1,64}")
SHORTEST_REPEAT, LONGEST_REPEAT = 3, 60
"""Seconds from one ring of a call to the next."""
_PROXY = re.compile(r"http://(?:[^\s/?#@]+@)?(?:[A-Za-z0-9\-.]+|\[[0-9A-Fa-f:.]+\]):[0-9]{1,5}/?")


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
    needed = _NEEDS[app.provider]
    if app.provider == "apns" and app.client_certificate:
        _check_certificate(app, place)
        needed = ("param",)
    for name in needed:
        if not getattr(app, name):
            raise ConfigError(f"{place}.{name}: {app.provider} needs it: add it")
    for name in _OWN:
        if name not in needed and getattr(app, name):
            raise ConfigError(f"{place}.{name}: {app.provider} has no use for it: remove it")
    if app.sandbox and app.provider != "apns":
        raise ConfigError(f"{place}.sandbox: {app.provider} has none: remove it")
    for name, providers in _MAY.items():
        if getattr(app, name) and app.provider not in providers:
            raise ConfigError(f"{place}.{name}: {app.provider} has no use for it: remove it")
    if app.call_repeat and not SHORTEST_REPEAT <= app.call_repeat <= LONGEST_REPEAT:
        raise ConfigError(f"{place}.call_repeat: not between {SHORTEST_REPEAT} and {LONGEST_REPEAT}: write 0 for never")
    _check_param(app, place)
    _check_reach(app, place)
    texts_of(app, place)
    extra_of(app, place)


def _check_certificate(app: AppSection, place: str) -> None:
    """Check that nothing but the certificate says who we are at APNs."""
    for name in ("key_file", "key_id"):
        if getattr(app, name):
            raise ConfigError(f"{place}.{name}: client_certificate stands in its place: remove one of the two")


def _check_param(app: AppSection, place: str) -> None:
    if app.provider == "apns" and _APNS_PARAM.fullmatch(app.param) is None:
        raise ConfigError(f'{place}.param: not TEAMID.bundle: write it like "AB12CD34EF.com.example.phone"')
    if app.provider == "apns" and app.param.endswith(".voip"):
        raise ConfigError(f"{place}.param: the phone adds .voip itself: remove it")
    if app.provider == "fcm" and _PROJECT.fullmatch(app.param) is None:
        raise ConfigError(f'{place}.param: no project id: write it like "example-phone"')
    if app.provider == "hms" and _HUAWEI_ID.fullmatch(app.param) is None:
        raise ConfigError(f'{place}.param: no app id: write it like "100000001"')
    if app.provider == "hms" and app.project and _HUAWEI_ID.fullmatch(app.project) is None:
        raise ConfigError(f'{place}.project: no project id: write it like "736430079244000000"')
    if app.provider == "http" and _NAME.fullmatch(app.param) is None:
        raise ConfigError(f'{place}.param: not letters, digits and . _ - alone: write it like "example-phone"')


def _check_reach(app: AppSection, place: str) -> None:
    for name in ("endpoint", "other_endpoint", "token_endpoint"):
        if getattr(app, name) and not getattr(app, name).startswith("https://"):
            raise ConfigError(f'{place}.{name}: not https: write it like "https://127.0.0.1:8443"')
    if app.client_key and not app.client_certificate:
        raise ConfigError(f"{place}.client_key: it is the key of client_certificate: add that")
    if app.proxy and _PROXY.fullmatch(app.proxy) is None:
        raise ConfigError(f'{place}.proxy: no HTTP proxy: write it like "http://proxy.example.com:3128"')
