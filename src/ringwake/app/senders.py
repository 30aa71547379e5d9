"""From the `[[app]]` tables to applications and senders."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ringwake.app.credentials import access_of
from ringwake.app.running import Parts
from ringwake.config.load import ConfigError
from ringwake.config.schema import Config
from ringwake.model.app import App, AppKey, Provider
from ringwake.push.access import Access, WebPushAccess
from ringwake.push.errors import CredentialsError
from ringwake.push.senders import Senders
from ringwake.push.workshop import vapid_public_key


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
