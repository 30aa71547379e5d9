"""The settings of the terminal phone: from the laboratory, the running server, and what it remembers."""

from __future__ import annotations

import argparse
import re
import secrets
import uuid
from hashlib import sha256
from pathlib import Path
from typing import Any

from ringwake.cli.failure import UNREACHABLE, USAGE, CommandError
from ringwake.cli.operator import running
from ringwake.cli.password import password_in
from ringwake.config.embedded import DOMAIN, lab_config
from ringwake.config.load import ConfigError, host_port
from ringwake.config.schema import Config, LabSection
from ringwake.config.state import StateFolder
from ringwake.secret import Secret
from ringwake.sip.flow import Address, Transport
from ringwake.softphone.settings import PhoneSettings
from ringwake.ua.identity import Identity

_PLAIN = re.compile(r"[A-Za-z0-9.\-]{1,40}")


def phone_settings(options: argparse.Namespace, state: StateFolder) -> PhoneSettings:
    """Return the settings.

    Raises:
        CommandError: no emulators or server run, or they do not know what is asked for.
    """
    try:
        lab = lab_config(state)
    except ConfigError as error:
        raise CommandError(str(error), USAGE) from None
    if lab is None or lab.lab is None:
        raise CommandError("no push services answer: start `ringwake emulate`", UNREACHABLE)
    user, domain, password = _account(options, lab)
    if options.server is None:
        server = running(state)
        (address, transport), public = _listener(server.listen, options.transport), server.public
    else:  # it is looked up at each connection, and says then where and how
        address, transport, public = Address(options.server.host, options.server.port or 0), Transport.TCP, ""
    name = _device_name(user, domain, options.provider)
    memory = _memory(state, name)
    return PhoneSettings(
        identity=Identity(user=user, domain=domain, password=password, display=user.title()),
        server=address,
        transport=transport,
        ca_file=Path(lab.lab.ca_file),
        provider=options.provider,
        app=_app(lab, lab.lab, options.provider),
        inbox=lab.lab.inbox,
        device=name,
        device_secret=Secret(memory["secret"]),
        instance=memory["instance"],
        public_url=public,
    )


def _app(config: Config, lab: LabSection, provider: str) -> str:
    """Return what the phone asks its push service by. Web Push and UnifiedPush know no application."""
    named = {"apns": lab.bundle, "fcm": lab.project}
    return named.get(provider) or next((app.param for app in config.app if app.provider == provider), "")


def _account(options: argparse.Namespace, lab: Config) -> tuple[str, str, Secret[str]]:
    """Return user, domain and password: the one in the file that is named, else the laboratory's."""
    user, _, domain = options.user.removeprefix("sip:").partition("@")
    if not user:
        raise CommandError("which account? Name one, such as alice", USAGE)
    if options.password_file is not None:
        return user, domain or DOMAIN, password_in(options.password_file)
    for tenant in lab.tenant:
        for account in tenant.account:
            if account.user == user and domain in ("", tenant.domain):
                return user, tenant.domain, Secret(account.password)
    raise CommandError(f"the lab has no account {options.user}: give --password-file", USAGE)


def _listener(listen: list[dict[str, str]], wanted: str | None) -> tuple[Address, Transport]:
    """Choose a listener: the one asked for, else the first that is a stream."""
    fit = [one for one in listen if (one["transport"] == wanted if wanted else one["transport"] != "udp")]
    if not fit:
        raise CommandError(f"the server does not listen on {wanted or 'a stream transport'}", USAGE)
    at = host_port(fit[0]["address"], "listen")
    return Address(at.host, at.port), Transport(fit[0]["transport"])


def _device_name(user: str, domain: str, provider: str) -> str:
    """Return what the push inbox knows the phone by: letters, digits and dots only (docs/reference/inbox.md)."""
    is_plain = domain == DOMAIN and _PLAIN.fullmatch(user) is not None
    return f"{user if is_plain else sha256(f'{user}@{domain}'.encode()).hexdigest()[:16]}-{provider}"


def _memory(state: StateFolder, name: str) -> dict[str, Any]:
    memory = state.recall(name)
    if not memory:
        memory = {"secret": secrets.token_urlsafe(24), "instance": f"urn:uuid:{uuid.uuid4()}"}
        state.remember(name, memory)
    return memory
