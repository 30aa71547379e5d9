"""What an application needs to push: keys and addresses, as plain values. Nobody here reads configuration."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from cryptography.x509 import load_pem_x509_certificates

from ringwake.push.apns.client import ENDPOINT as APNS_ENDPOINT
from ringwake.push.endpoint import SERVICES
from ringwake.push.errors import CredentialsError
from ringwake.push.fcm.client import ENDPOINT as FCM_ENDPOINT
from ringwake.secret import Secret

_ENDPOINT = re.compile(r"https://(?:[A-Za-z0-9\-.]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class ApnsAccess:
    """APNs, by a key of the team (.p8). Team and bundle are the application's name, `TEAMID.bundle`."""

    key_id: str
    key: Secret[bytes]
    """PKCS#8 in PEM."""
    endpoint: str = APNS_ENDPOINT
    ca_file: Path | None = None
    """Certificates in PEM, trusted beside those of the system."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FcmAccess:
    """FCM, by a service account."""

    service_account: Mapping[str, str] = field(repr=False)
    """Its key file, read from JSON."""
    endpoint: str = FCM_ENDPOINT
    ca_file: Path | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebPushAccess:
    """Web Push, by a VAPID key of the tenant."""

    vapid_key: Secret[bytes]
    """P-256 private key in PEM."""
    subject: str
    """`mailto:someone@example.com` or an https address: whom a push service may ask."""
    services: tuple[str, ...] = SERVICES
    """Push services that phones may name: `host`, `*.domain` or `*`, each with `:port` if it is not 443."""
    allow_private: bool = False
    """Any host, port and address (laboratory only)."""
    ca_file: Path | None = None


Access: TypeAlias = ApnsAccess | FcmAccess | WebPushAccess


def read_ca(file: Path | None) -> bytes | None:
    """Read certificates in PEM.

    Raises:
        CredentialsError: there are none.
    """
    if file is None:
        return None
    try:
        pem = file.read_bytes()
        load_pem_x509_certificates(pem)
    except (OSError, ValueError):
        raise CredentialsError(f"{file}: no certificates in PEM") from None
    return pem


def read_endpoint(text: str) -> str:
    """Return the endpoint of a provider without a slash at its end.

    Raises:
        CredentialsError: it is not `https://host[:port]`.
    """
    endpoint = text.removesuffix("/")
    if _ENDPOINT.fullmatch(endpoint) is None:
        raise CredentialsError("an endpoint is https://host[:port]")
    return endpoint
