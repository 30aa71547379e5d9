"""From the `[[app]]` tables to applications and senders: key files are read here, once, and checked."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ringwake.app.running import Parts
from ringwake.config.load import ConfigError
from ringwake.config.schema import AppSection, Config
from ringwake.model.app import App, AppKey, Provider
from ringwake.push.access import Access, ApnsAccess, FcmAccess, WebPushAccess
from ringwake.push.apns.client import SANDBOX
from ringwake.push.errors import CredentialsError
from ringwake.push.senders import Senders, vapid_public_key
from ringwake.secret import Secret

_OTHERS = 0o077


def parts_of(config: Config, base: Path) -> Parts:
    """Read the key files and set the senders up.

    Args:
        config: the configuration.
        base: where relative paths begin.

    Raises:
        ConfigError: a key file cannot be used; with place and mend.
    """
    applications: list[App] = []
    accesses: list[tuple[AppKey, Access]] = []
    for number, section in enumerate(config.app):
        place = f"app[{number}]"
        access = access_of(section, base, place, lab=config.server.lab)
        tenant = section.tenant.lower()
        key = AppKey(Provider(section.provider), section.param or tenant)
        try:
            vapid_key = vapid_public_key(access) if isinstance(access, WebPushAccess) else ""
        except CredentialsError as error:
            raise ConfigError(f"{place}: {error}") from None
        applications.append(
            App(
                key=key,
                tenant=tenant,
                show_caller=section.show_caller,
                vapid_key=vapid_key,
                is_sandbox=section.sandbox,
            )
        )
        accesses.append((key, access))
    _senders(accesses, lambda _: None)  # a key that is none shows now, not at the first call
    return Parts(config=config, base=base, applications=applications, pusher=lambda report: _senders(accesses, report))


def _senders(accesses: list[tuple[AppKey, Access]], report: Callable[[str], None]) -> Senders:
    senders = Senders(wall=time.time, report=report)
    for number, (key, access) in enumerate(accesses):
        try:
            senders.add(key, access)
        except CredentialsError as error:
            raise ConfigError(f"app[{number}]: {error}") from None
    return senders


def access_of(section: AppSection, base: Path, place: str, *, lab: bool) -> Access:
    """Read what one application needs to push.

    Raises:
        ConfigError: a key file cannot be used; with place and mend.
    """
    ca_file = base / section.ca_file if section.ca_file else None
    endpoint = section.endpoint or (SANDBOX if section.sandbox else "")
    elsewhere: dict[str, Any] = {"endpoint": endpoint} if endpoint else {}
    if section.provider == "apns":
        key = _read(base / section.key_file, f"{place}.key_file")
        return ApnsAccess(key_id=section.key_id, key=Secret(key), ca_file=ca_file, **elsewhere)
    if section.provider == "fcm":
        where = f"{place}.service_account"
        try:
            account = json.loads(_read(base / section.service_account, where))
        except (ValueError, RecursionError):
            account = None
        if not isinstance(account, dict):
            raise ConfigError(f"{where}: {section.service_account} is not the JSON file that Google gives")
        return FcmAccess(service_account=account, ca_file=ca_file, **elsewhere)
    vapid = Secret(_read(base / section.vapid_key_file, f"{place}.vapid_key_file"))
    return WebPushAccess(vapid_key=vapid, subject=section.subject, allow_private=lab, ca_file=ca_file)


def _read(path: Path, place: str) -> bytes:
    try:
        if path.stat().st_mode & _OTHERS:
            raise ConfigError(f"{place}: others may read {path}: chmod 600 {path}")
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{place}: {path}: {error.strerror}: check its name and who may read it") from None
