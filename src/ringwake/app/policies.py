"""How long registrations last, by the configuration."""

from __future__ import annotations

from ringwake.config.schema import Config
from ringwake.registrar.rules import ExpiryPolicy
from ringwake.wake.refresh import RefreshPolicy


def refresh_policy(config: Config) -> RefreshPolicy:
    """Return when phones are pushed to silently."""
    wake = config.wake
    return RefreshPolicy(
        every=wake.refresh_every,
        lead=wake.refresh_lead,
        last=min(180.0, wake.grant / 5),
        least=min(300.0, wake.grant),
    )


def expiry_policy(config: Config) -> ExpiryPolicy:
    """Return how long bindings live, by the configuration."""
    grant, lab = int(config.wake.grant), config.server.lab
    return ExpiryPolicy(grant=grant, push_least=min(300, grant), needs_tls=not lab, own_refresh=config.wake.pnsreg)
