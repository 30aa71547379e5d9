"""From the `[[app]]` tables to applications and senders."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ringwake.app.credential_watch import Credentials, Source
from ringwake.app.parts import Parts
from ringwake.config.load import ConfigError
from ringwake.config.schema import Config
from ringwake.config.texts import extra_of, texts_of
from ringwake.model.app import App, AppKey, Provider
from ringwake.push.access import WebPushAccess
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
    credentials: list[Credentials] = []
    for number, section in enumerate(config.app):
        place = f"app[{number}]"
        tenant = section.tenant.lower()
        key = AppKey(Provider(section.provider), section.param or tenant)
        source = Source(app=key, section=section, base=base, place=place, lab=config.server.lab)
        credentials.append(Credentials.read(source))
        access = credentials[-1].access
        try:
            vapid_key = vapid_public_key(access) if isinstance(access, WebPushAccess) else ""
        except CredentialsError as error:
            raise ConfigError(f"{place}: {error}") from None
        applications.append(
            App(
                key=key,
                tenant=tenant,
                show_caller=section.show_caller,
                offers_actions=section.actions,
                call_repeat=section.call_repeat,
                vapid_key=vapid_key,
                is_sandbox=section.sandbox,
                texts=texts_of(section, place),
                extra=extra_of(section, place),
            )
        )
    _senders(credentials, lambda _: None)  # a key that is none shows now, not at the first call
    return Parts(
        config=config,
        base=base,
        applications=applications,
        credentials=credentials,
        pusher=lambda report: _senders(credentials, report),
    )


def _senders(credentials: list[Credentials], report: Callable[[str], None]) -> Senders:
    senders = Senders(wall=time.time, report=report)
    for one in credentials:
        try:
            senders.add(one.source.app, one.access)
        except CredentialsError as error:
            raise ConfigError(f"{one.source.place}: {error}") from None
    return senders
